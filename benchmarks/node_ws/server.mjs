// The contender: Node.js and its usual WebSocket package. See beast_raw.cpp.
//
// server.mjs [--port N]   prints the port

import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';

const port = process.argv[2] === '--port' ? Number(process.argv[3]) : 0;
const server = createServer();
const sockets = new WebSocketServer({ server, perMessageDeflate: false, clientTracking: false });
const subscribers = new Set();
let messages = 0;

const handlers = {
  '/ingest': () => { ++messages; },
  '/echo': (data, binary, socket) => { socket.send(data, { binary }); },
  '/publish': (data, binary) => { for (const each of subscribers) each.send(data, { binary }); },
  '/fanout': () => {},
};

sockets.on('connection', (socket, request) => {
  const handler = handlers[request.url];
  socket.on('message', (data, binary) => handler(data, binary, socket));
  if (request.url !== '/fanout') return;
  subscribers.add(socket);
  socket.on('close', () => subscribers.delete(socket));
});

server.listen({ port, host: '127.0.0.1', backlog: 4096 }, () => {
  console.log(`port ${server.address().port}`);
});
