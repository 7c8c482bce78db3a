/** 한국어, 해요체. */

import answering from "./ko/answering.js";
import asking from "./ko/asking.js";
import operating from "./ko/operating.js";
import site from "./ko/site.js";
import talking from "./ko/talking.js";

export default { ...site, ...asking, ...answering, ...talking, ...operating };
