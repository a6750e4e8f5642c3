import { serve } from "../framework/serve";
import { dockerPackage } from "./index";

serve(dockerPackage);
