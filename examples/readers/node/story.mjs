// The story of one question, read from Kafka with kafkajs and kept in a file of JSON lines.
//
//     npm ci && node story.mjs events.jsonl QUESTION_ID        # YEON_KAFKA=host:port
//
// Takes everything that is on the topic now, each event once, and prints the question's story in order. Run it again
// and it goes on where it stopped: the file itself says how far it is, so the two can never disagree.

import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { randomUUID } from "node:crypto";
import { Kafka, logLevel } from "kafkajs";

const TOPIC = process.env.YEON_TOPIC ?? "yeon.conversations.v1";
const [file, question] = process.argv.slice(2);

// Lines that were written whole; a last line without its end was cut off by a crash and is read again.
const kept = existsSync(file) ? readFileSync(file, "utf8").split("\n").slice(0, -1).map((line) => JSON.parse(line)) : [];
const last = new Map(kept.map((event) => [event.partition, event.position]));
const ids = new Set(kept.map((event) => event.id));
const gaps = new Map();

function take(partition, headers, value) {
  const position = Number(headers.ce_position);
  const previous = Number(headers.ce_previousposition);
  const seen = last.get(partition) ?? previous;
  if (position <= seen) return; // A repeat.
  if (previous > seen) {
    // Its turn has not come. After a loss everything comes again, so this one, too.
    gaps.set(partition, `partition ${partition}: what stood between ${seen} and ${position} is missing`);
    return;
  }
  gaps.delete(partition);
  last.set(partition, position);
  if (ids.has(headers.ce_id)) return; // The same event has the same id for ever, wherever the copy came from.
  ids.add(headers.ce_id);
  const event = { partition, position, id: headers.ce_id, type: headers.ce_type, question: headers.ce_partitionkey, data: JSON.parse(value) };
  appendFileSync(file, JSON.stringify(event) + "\n");
  kept.push(event);
}

const kafka = new Kafka({ clientId: "story", brokers: process.env.YEON_KAFKA.split(","), logLevel: logLevel.ERROR });

// To the present end of the topic. The group is a new one each time: Kafka's offsets may start again after a broker
// lost its end, `ce_position` never does.
const admin = kafka.admin();
await admin.connect();
const ends = new Map((await admin.fetchTopicOffsets(TOPIC)).map(({ partition, high, low }) => [partition, { high: Number(high), low: Number(low) }]));
await admin.disconnect();
const waiting = new Set([...ends].filter(([, { high, low }]) => high > low).map(([partition]) => partition));

if (waiting.size > 0) {
  const consumer = kafka.consumer({ groupId: `story-${randomUUID()}`, maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topic: TOPIC, fromBeginning: true });
  await new Promise((done, failed) => {
    consumer.on(consumer.events.CRASH, ({ payload }) => failed(payload.error));
    consumer.run({
      autoCommit: false,
      eachMessage: async ({ partition, message }) => {
        const headers = Object.fromEntries(Object.entries(message.headers).map(([name, raw]) => [name, raw.toString()]));
        take(partition, headers, message.value.toString());
        if (Number(message.offset) + 1 >= ends.get(partition).high) waiting.delete(partition);
        if (waiting.size === 0) done();
      },
    });
  }).finally(() => consumer.disconnect());
}

if (gaps.size > 0) {
  console.error([...gaps.values()].join("\n"));
  process.exit(1);
}
kept
  .filter((event) => event.question === question)
  .sort((one, other) => one.position - other.position)
  .forEach(({ position, type, data }) => console.log(position, type, JSON.stringify(data)));
