// Says which signal it heard, and ends.
const server = require("node:http").createServer((_, response) => response.end(`${process.pid}\n`));
for (const name of ["SIGTERM", "SIGINT"]) {
  process.on(name, () => {
    console.log(`heard ${name}`);
    process.exit(0);
  });
}
server.listen(process.env.PORT, process.env.HOST);
