"""Runs scripts of boto3 for the tests of one process, or the AWS CLI, each in a fork of a Python that has read what they need
already: reading it takes longer than most scripts. It ends with the process that started it, whose end of its input closes then.

usage: python.py SOCKET boto3|aws. The CLI has a botocore of its own, so that one Python cannot do both.
"""

import contextlib
import io
import json
import os
import select
import signal
import socket
import sys
import traceback

SERVICES = [
    "application-autoscaling", "cloudwatch", "ecr", "ecs", "elbv2", "iam", "logs", "secretsmanager", "ssm", "sts",
]


def warm():
    import boto3
    import botocore.exceptions

    boto3.setup_default_session()
    loader = boto3.DEFAULT_SESSION._session.get_component("data_loader")
    for name in ["endpoints", "partitions", "_retry", "sdk-default-configuration"]:
        with contextlib.suppress(botocore.exceptions.DataNotFoundError):
            loader.load_data(name)
    for service in SERVICES:
        for kind in ["service-2", "paginators-1", "waiters-2", "endpoint-rule-set-1"]:
            with contextlib.suppress(botocore.exceptions.DataNotFoundError, botocore.exceptions.UnknownServiceError):
                loader.load_service_model(service, kind)


def run(request):
    # The CLI tells itself where its models are.
    kept = {name: value for name, value in os.environ.items() if name == "AWS_DATA_PATH"}
    os.environ.clear()
    os.environ.update(kept | request["environment"])
    sys.stdin = io.StringIO("")
    out, err = io.StringIO(), io.StringIO()
    status = 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            exec(compile(request["script"], "<script>", "exec"), {"__name__": "__main__"})
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else int(end.code is not None)
        except BaseException:
            traceback.print_exc()
            status = 1
    return {"status": status, "stdout": out.getvalue(), "stderr": err.getvalue()}


def serve(connection):
    with connection.makefile("rwb") as stream:
        request = json.loads(stream.readline())
        stream.write(json.dumps(run(request)).encode() + b"\n")
        stream.flush()


if sys.argv[2] == "aws":
    import awscli.clidriver
else:
    warm()
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen(64)
print("ready", flush=True)
while True:
    ready, _, _ = select.select([listener, sys.stdin], [], [])
    if sys.stdin in ready:
        sys.exit()
    connection, _ = listener.accept()
    if os.fork() == 0:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        listener.close()
        serve(connection)
        os._exit(0)
    connection.close()
