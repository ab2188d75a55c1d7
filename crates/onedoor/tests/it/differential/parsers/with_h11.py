"""h11, as a server that tells what it saw of each request, and as a client that reads recorded answers."""

import h11

from common import REFUSED, answer_to, main, pairs, text

LARGEST = 256 * 1024


class Server:
    def __init__(self, send):
        self.send = send
        self.connection = h11.Connection(h11.SERVER, max_incomplete_event_size=LARGEST)
        self.request, self.body = None, b""

    def feed(self, data):
        self.connection.receive_data(data)
        while True:
            try:
                event = self.connection.next_event()
            except h11.RemoteProtocolError:
                self.send(REFUSED)
                return False
            if event is h11.NEED_DATA:
                if self.connection.they_are_waiting_for_100_continue:
                    self.send(self.connection.send(h11.InformationalResponse(status_code=100, headers=[])))
                return True
            if event is h11.PAUSED or isinstance(event, h11.ConnectionClosed):
                return False
            if isinstance(event, h11.Request):
                self.request, self.body = event, b""
            elif isinstance(event, h11.Data):
                self.body += bytes(event.data)
            elif isinstance(event, h11.EndOfMessage) and not self.answer(event):
                return False

    def answer(self, end):
        request = self.request
        fields = pairs(request.headers.raw_items())
        seen = {"method": text(request.method), "target": text(request.target), "fields": fields}
        self.send(answer_to(seen | {"body": text(self.body), "trailers": pairs(end.headers.raw_items())}))
        # Our answer was written by hand; h11 is told of one like it.
        self.connection.send(h11.Response(status_code=200, headers=[("Content-Length", "0")]))
        self.connection.send(h11.EndOfMessage())
        if self.connection.our_state is not h11.DONE or self.connection.their_state is not h11.DONE:
            return False
        self.connection.start_next_cycle()
        return True


def read_one(connection, method):
    connection.send(h11.Request(method=method, target="/", headers=[("Host", "a")]))
    connection.send(h11.EndOfMessage())
    interim, response, body = [], None, b""
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            raise h11.RemoteProtocolError("it waits for more")
        if isinstance(event, h11.InformationalResponse):
            interim.append(event.status_code)
        elif isinstance(event, h11.Response):
            response = event
        elif isinstance(event, h11.Data):
            body += bytes(event.data)
        elif isinstance(event, h11.EndOfMessage):
            told = {"interim": interim, "status": response.status_code, "reason": text(response.reason)}
            fields, trailers = pairs(response.headers.raw_items()), pairs(event.headers.raw_items())
            return told | {"fields": fields, "body": text(body), "trailers": trailers}
        else:
            raise h11.RemoteProtocolError("closed")


def read_case(methods, data, ended):
    connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=LARGEST)
    connection.receive_data(data)
    if ended == "closed":
        connection.receive_data(b"")
    answers = []
    for method in methods:
        try:
            answers.append(read_one(connection, method))
        except h11.RemoteProtocolError as error:
            return [*answers, {"problem": str(error)}], 0
        if connection.our_state is h11.DONE and connection.their_state is h11.DONE:
            connection.start_next_cycle()
    return answers, len(connection.trailing_data[0])


main(Server, read_case)
