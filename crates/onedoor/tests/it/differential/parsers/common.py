"""What both Python parsers share: a server of raw connections, and the form in which a message is told."""

import asyncio
import json
import sys


def text(data):
    """Every byte as the character of its number: JSON has no bytes."""
    return bytes(data).decode("latin-1")


def pairs(fields):
    return [[text(name), text(value)] for name, value in fields]


def answer_to(seen):
    told = json.dumps(seen).encode().hex().encode()
    return b"HTTP/1.1 200 OK\r\nX-Seen: " + told + b"\r\nContent-Length: 0\r\n\r\n"


REFUSED = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


def serve(new_parser):
    """`new_parser(send)` gives an object whose `feed(data)` is false once the connection cannot go on."""

    async def connection(reader, writer):
        parser = new_parser(writer.write)
        while data := await reader.read(65536):
            if not parser.feed(data):
                break
        writer.close()

    async def main():
        server = await asyncio.start_server(connection, "127.0.0.1", 0)
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()

    asyncio.run(main())


def read(read_case):
    """`read_case(methods, data, ended)` gives the answers and how many bytes were left."""
    for line in sys.stdin:
        case = json.loads(line)
        answers, left = read_case(case["methods"], "".join(case["parts"]).encode("latin-1"), case["ended"])
        print(json.dumps({"answers": answers, "left": left}))


def main(new_parser, read_case):
    if sys.argv[1] == "serve":
        serve(new_parser)
    else:
        read(read_case)
