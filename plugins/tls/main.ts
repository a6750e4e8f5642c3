import { serve } from "../framework/serve";

import { tls } from "./index";

serve(tls);
