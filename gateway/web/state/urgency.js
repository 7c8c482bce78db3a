/** How urgent a question sounds, by the words people use for it; null where it does not say. Pure. */

const HIGH = /급해|급하|급히|당장|지금 바로|빨리|오늘 (안|중|까지)|응급|asap|urgent|right now|immediately|emergency|today/i;
const LOW = /천천히|급하지 않|급한 건 아니|언젠가|시간 ?될 ?때|나중에|no hurry|no rush|whenever|some ?day/i;

export function urgencyOf(content) {
  if (LOW.test(content)) return "low";
  return HIGH.test(content) ? "high" : null;
}
