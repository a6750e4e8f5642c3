import { serve } from "../framework/serve";

import { random } from "./index";

serve(random);
