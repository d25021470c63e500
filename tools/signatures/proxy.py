"""Passes requests on to a server and writes each down as it came: arguments are the port, the port of the server, and a folder."""

import pathlib
import socket
import sys

port, server, folder = int(sys.argv[1]), int(sys.argv[2]), pathlib.Path(sys.argv[3])


def read(connection):
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            return data
        data += more
    head, body = data.split(b"\r\n\r\n", 1)
    length = 0
    for line in head.split(b"\r\n")[1:]:
        name, value = line.split(b":", 1)
        if name.lower() == b"content-length":
            length = int(value)
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def anonymous(request):
    """Without the name of the client, which tells about the machine and is not signed."""
    head, body = request.split(b"\r\n\r\n", 1)
    lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"user-agent:")]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


folder.mkdir(parents=True, exist_ok=True)
listener = socket.create_server(("127.0.0.1", port))
while True:
    connection, _ = listener.accept()
    request = read(connection)
    if not request:
        continue
    (folder / f"{len(list(folder.iterdir()))}.http").write_bytes(anonymous(request))
    onward = socket.create_connection(("127.0.0.1", server))
    # One request for each connection: the answer ends with it.
    onward.sendall(request.replace(b"\r\n", b"\r\nConnection: close\r\n", 1))
    answer = b""
    while more := onward.recv(65536):
        answer += more
    connection.sendall(answer.replace(b"\r\n", b"\r\nConnection: close\r\n", 1))
    connection.close()
    onward.close()
