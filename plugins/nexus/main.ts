import { serve } from "../framework/serve";

import { nexus } from "./index";

serve(nexus);
