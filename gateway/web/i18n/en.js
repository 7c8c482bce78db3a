/** English. */

import answering from "./en/answering.js";
import asking from "./en/asking.js";
import operating from "./en/operating.js";
import site from "./en/site.js";
import talking from "./en/talking.js";

export default { ...site, ...asking, ...answering, ...talking, ...operating };
