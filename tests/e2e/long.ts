/** Whether each thing is tried as often as its promise has it: `PRIVATE_REGISTRY_TEST_LONG=1 npm test -- FILE`. Else less often, for time. */
export const LONG = process.env.PRIVATE_REGISTRY_TEST_LONG === "1";
