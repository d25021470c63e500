"""What botocore signs."""

import urllib.request

import boto3

ecr, sts = boto3.client("ecr"), boto3.client("sts")
ecr.get_authorization_token()
ecr.get_authorization_token(registryIds=["000000000000", "111122223333"])
sts.get_caller_identity()
address = sts.generate_presigned_url("get_caller_identity", ExpiresIn=120, HttpMethod="GET")
with urllib.request.urlopen(address) as answer:
    assert b"GetCallerIdentityResult" in answer.read()
