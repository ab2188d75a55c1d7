// Node's parser, twice. `serve`: a server that answers every request with what it saw of it, in the field X-Seen.
// `read`: an HTTP client that is played recorded answers, one case a line, and says what it made of them.
"use strict";
const http = require("node:http");
const readline = require("node:readline");
const { Duplex } = require("node:stream");

const pairs = (raw) => raw.flatMap((name, at) => (at % 2 ? [] : [[name, raw[at + 1]]]));
const sized = { maxHeaderSize: 256 * 1024 };

function serve() {
  const server = http.createServer({ ...sized, keepAlive: true }, (request, response) => {
    const pieces = [];
    request.on("data", (piece) => pieces.push(piece));
    request.on("end", () => {
      const seen = {
        method: request.method,
        target: request.url,
        fields: pairs(request.rawHeaders),
        body: Buffer.concat(pieces).toString("latin1"),
        trailers: pairs(request.rawTrailers),
      };
      response.setHeader("X-Seen", Buffer.from(JSON.stringify(seen)).toString("hex"));
      response.setHeader("Content-Length", "0");
      response.end();
    });
  });
  server.keepAliveTimeout = 0;
  server.listen(0, "127.0.0.1", () => console.log(server.address().port));
}

// A connection that plays one part of its script per request that is written to it.
function scripted(parts, ended) {
  let next = 0;
  const stream = new Duplex({
    read() {},
    write(_, __, done) {
      done();
      if (next === parts.length) return;
      stream.push(parts[next]);
      next += 1;
      if (next === parts.length) {
        if (ended === "cut") stream.destroy(new Error("cut"));
        else stream.push(null);
      }
    },
  });
  for (const word of ["setTimeout", "setNoDelay", "setKeepAlive", "ref", "unref"]) stream[word] = () => stream;
  stream.destroySoon = () => stream.destroy();
  return stream;
}

function ask(agent, method) {
  return new Promise((tell) => {
    const interim = [];
    const request = http.request({ ...sized, agent, method, host: "a", path: "/" });
    const guard = setTimeout(() => tell({ problem: "it waits for more" }), 3000);
    const end = (what) => {
      clearTimeout(guard);
      tell(what);
    };
    request.on("information", (information) => interim.push(information.statusCode));
    request.on("error", (error) => end({ problem: String(error) }));
    request.on("response", (response) => {
      const pieces = [];
      response.on("data", (piece) => pieces.push(piece));
      response.on("error", (error) => end({ problem: String(error) }));
      response.on("end", () => {
        const body = Buffer.concat(pieces).toString("latin1");
        const [fields, trailers] = [pairs(response.rawHeaders), pairs(response.rawTrailers)];
        end({ interim, status: response.statusCode, reason: response.statusMessage, fields, body, trailers });
      });
    });
    request.end();
  });
}

async function read() {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const { methods, parts, ended } = JSON.parse(line);
    const stream = scripted(parts.map((part) => Buffer.from(part, "latin1")), ended);
    let connections = 0;
    // Bytes that belong to no answer: the client's socket finds them, not the request.
    stream.on("error", () => {});
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    agent.createConnection = () => (connections++ ? scripted([], "cut") : stream);
    const answers = [];
    for (const method of methods) {
      const answer = await ask(agent, method);
      // It would rather have a new connection; there is none to be had.
      if (connections > 1) break;
      answers.push(answer);
      if (answer.problem) break;
      // The socket goes back to its agent on the next turn.
      await new Promise((turn) => setImmediate(turn));
    }
    agent.destroy();
    console.log(JSON.stringify({ answers, reopened: connections > 1 }));
  }
}

process.argv[2] === "serve" ? serve() : read();
