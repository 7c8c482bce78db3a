// Two people over the unmodified client of npm: what each step gives is written as one JSON object to stdout.
import { io } from 'socket.io-client';

const { url, alice, bob, room } = JSON.parse(process.argv[2]);
const seen = [];

function connect(name, auth, more = {}) {
  const socket = io(url, { transports: ['websocket'], auth, reconnectionDelay: 50, forceNew: true, ...more });
  socket.onAny((event, data) => seen.push({ name, event, data }));
  return socket;
}

function until(found, what, within = 15_000) {
  const began = Date.now();
  return new Promise((resolve, reject) => {
    const look = () => {
      const result = found();
      if (result) resolve(result);
      else if (Date.now() - began > within) reject(new Error(`not seen: ${what}; seen: ${JSON.stringify(seen)}`));
      else setTimeout(look, 5);
    };
    look();
  });
}

const heard = (name, event, test = () => true) =>
  until(() => seen.find((one) => one.name === name && one.event === event && test(one.data)), `${event} at ${name}`);
const once = (socket, event) => new Promise((resolve) => socket.once(event, resolve));

const said = {};
const a = connect('a', { token: alice.token });
await once(a, 'connect');
said.authenticated = (await heard('a', 'authenticated')).data;
const b = connect('b', {});
await once(b, 'connect');
said.late = await b.emitWithAck('authenticate', { token: bob.token });
said.joined = await a.emitWithAck('join_room', { roomId: room, userId: alice.id });
await b.emitWithAck('join_room', { roomId: room, userId: bob.id });

said.sent = await a.emitWithAck('send_message', { roomId: room, message: { content: '안녕', clientMsgId: 'm1' } });
said.message = (await heard('b', 'new_message')).data;
b.emit('typing_start', { roomId: room });
said.typing = (await heard('a', 'typing_indicator')).data;
b.emit('send_message', { roomId: room, message: { content: '옛 클라이언트', type: 'text' } });
said.answer = (await heard('a', 'new_message', (data) => data.seq === 2)).data;
said.read = await b.emitWithAck('mark_read', { roomId: room, upToSeq: 2 });
said.readMark = (await heard('a', 'messages_read')).data;
said.unknown = await a.emitWithAck('no_such_event', {});
said.forOthers = await a.emitWithAck('join_room', { roomId: room, userId: bob.id });
a.emit('no_such_event', {});
said.error = (await heard('a', 'error')).data;

// A connection that is cut comes back by itself, and `resume` brings what was said meanwhile.
b.io.engine.close();
await a.emitWithAck('send_message', { roomId: room, message: { content: '그사이', clientMsgId: 'm3' } });
await once(b, 'connect');
await b.emitWithAck('authenticate', { token: bob.token });
said.resumed = await b.emitWithAck('resume', { inboxSeq: said.late.inboxSeq, rooms: { [room]: 2 } });
said.missed = (await heard('b', 'new_message', (data) => data.seq === 3)).data;

const stranger = connect('c', { token: 'nonsense' });
const refused = await once(stranger, 'connect_error');
said.refused = { message: refused.message, data: refused.data, active: stranger.active };
const elsewhere = io(`${url}/admin`, { transports: ['websocket'], forceNew: true });
said.namespace = (await once(elsewhere, 'connect_error')).message;
a.disconnect();
said.disconnected = a.connected;
b.disconnect();
elsewhere.disconnect();
console.log(JSON.stringify({ ...said, seen }));
