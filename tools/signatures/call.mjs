// What aws-sdk-js v3 signs.

import { ECRClient, GetAuthorizationTokenCommand } from "@aws-sdk/client-ecr";
import { STSClient, GetCallerIdentityCommand } from "@aws-sdk/client-sts";
import { SignatureV4 } from "@smithy/signature-v4";
import { HttpRequest } from "@smithy/protocol-http";
import sha256 from "@aws-crypto/sha256-js";

const credentials = { accessKeyId: process.env.AWS_ACCESS_KEY_ID, secretAccessKey: process.env.AWS_SECRET_ACCESS_KEY };
const settings = { endpoint: process.env.AWS_ENDPOINT_URL, region: process.env.AWS_REGION, credentials, maxAttempts: 1 };
const ecr = new ECRClient(settings), sts = new STSClient(settings);
await ecr.send(new GetAuthorizationTokenCommand({}));
await ecr.send(new GetAuthorizationTokenCommand({ registryIds: ["000000000000", "111122223333"] }));
await sts.send(new GetCallerIdentityCommand({}));

const { hostname, port, protocol } = new URL(settings.endpoint);
const signer = new SignatureV4({ service: "sts", region: settings.region, credentials, sha256: sha256.Sha256 });
const signed = await signer.presign(
  new HttpRequest({
    method: "GET",
    protocol,
    hostname,
    port: Number(port),
    path: "/",
    headers: { host: `${hostname}:${port}` },
    query: { Action: "GetCallerIdentity", Version: "2011-06-15" },
  }),
  { expiresIn: 120 },
);
const query = Object.entries(signed.query).map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`);
const answer = await fetch(`${settings.endpoint}/?${query.join("&")}`);
if (answer.status !== 200) throw new Error(await answer.text());
