// The plain stack: Express, Socket.IO with its Redis adapter, and an INSERT per message. No log, no resume, no order.
import { createServer } from "node:http";
import { createAdapter } from "@socket.io/redis-adapter";
import express from "express";
import pg from "pg";
import { createClient } from "redis";
import { Server } from "socket.io";

const { POSTGRES_URL, REDIS_URL } = process.env;

const pool = new pg.Pool({ connectionString: POSTGRES_URL, max: 10 });
await pool.query(`
  CREATE TABLE IF NOT EXISTS messages (
    id bigserial PRIMARY KEY,
    room_id uuid NOT NULL,
    sender_id uuid NOT NULL,
    content text NOT NULL,
    client_msg_id text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
  )`);

const publisher = createClient({ url: REDIS_URL });
const subscriber = publisher.duplicate();
await Promise.all([publisher.connect(), subscriber.connect()]);

const app = express();
app.get("/healthz", (_request, response) => response.json({ status: "ok" }));
const http = createServer(app);
const io = new Server(http, { adapter: createAdapter(publisher, subscriber) });

io.on("connection", (socket) => {
  socket.on("join_room", async ({ roomId }, answer) => {
    await socket.join(roomId);
    answer?.({ roomId });
  });
  socket.on("send_message", async ({ roomId, userId, message }, answer) => {
    const { rows } = await pool.query(
      "INSERT INTO messages (room_id, sender_id, content, client_msg_id) VALUES ($1, $2, $3, $4)" +
        " RETURNING id, created_at",
      [roomId, userId, message.content, message.clientMsgId],
    );
    const seq = Number(rows[0].id);
    const said = { id: seq, ...message, createdAt: rows[0].created_at };
    io.to(roomId).emit("new_message", { roomId, seq, message: said, sender: { userId } });
    answer?.({ seq });
  });
});

http.listen(0, "127.0.0.1", () => console.log(JSON.stringify({ port: http.address().port })));
process.on("SIGTERM", () => process.exit(0));
process.stdin.resume().on("end", () => process.exit(0)); // ends with whoever started it
