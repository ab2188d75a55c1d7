"""httptools, as a server that tells what it saw of each request, and as a client that reads recorded answers."""

import httptools

from common import REFUSED, answer_to, main, pairs, text


class Message:
    """What the callbacks tell of one message."""

    def on_message_begin(self):
        self.target, self.fields, self.body, self.trailers, self.in_head = b"", [], b"", [], True
        self.reason = b""

    def on_url(self, url):
        self.target += url

    def on_status(self, reason):
        self.reason += reason

    def on_header(self, name, value):
        (self.fields if self.in_head else self.trailers).append((name, value))

    def on_headers_complete(self):
        self.in_head = False

    def on_body(self, body):
        self.body += body


class Server(Message):
    def __init__(self, send):
        self.send = send
        self.parser = httptools.HttpRequestParser(self)

    def feed(self, data):
        while True:
            try:
                self.parser.feed_data(data)
                return True
            except httptools.HttpParserUpgrade as upgrade:
                # We do not change the protocol: what follows is HTTP.
                data = data[upgrade.args[0] :]
                self.parser = httptools.HttpRequestParser(self)
                if not data:
                    return True
            except httptools.HttpParserError:
                self.send(REFUSED)
                return False

    def on_headers_complete(self):
        super().on_headers_complete()
        if any(name.lower() == b"expect" for name, _ in self.fields):
            self.send(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_message_complete(self):
        seen = {"method": text(self.parser.get_method()), "target": text(self.target)}
        seen |= {"fields": pairs(self.fields), "body": text(self.body), "trailers": pairs(self.trailers)}
        self.send(answer_to(seen))


class Client(Message):
    def __init__(self):
        self.parser, self.answers, self.interim, self.open = httptools.HttpResponseParser(self), [], [], False

    def on_message_begin(self):
        super().on_message_begin()
        self.open = True

    def on_message_complete(self):
        self.open = False
        status = self.parser.get_status_code()
        if status < 200:
            self.interim.append(status)
            return
        told = {"interim": self.interim, "status": status, "reason": text(self.reason)}
        fields, trailers = pairs(self.fields), pairs(self.trailers)
        self.answers.append(told | {"fields": fields, "body": text(self.body), "trailers": trailers})
        self.interim = []

    def ends_with_the_connection(self):
        names = [name.lower() for name, _ in self.fields]
        return not self.in_head and b"content-length" not in names and b"transfer-encoding" not in names


def read_case(methods, data, ended):
    client = Client()
    try:
        client.parser.feed_data(data)
    except httptools.HttpParserError as error:
        return [*client.answers, {"problem": str(error)}], 0
    if client.open:
        if ended != "closed" or not client.ends_with_the_connection():
            return [*client.answers, {"problem": "it waits for more"}], 0
        client.on_message_complete()
    if len(client.answers) < len(methods):
        return [*client.answers, {"problem": "closed"}], 0
    return client.answers[: len(methods)], len(client.answers) - len(methods)


main(Server, read_case)
