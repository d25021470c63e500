//! What is asked of nothing that there is, and what cannot be read.

use serde_json::json;
use tests::harness::on_default;
use tests::harness::sigv4::Unsigned;

#[tokio::test]
async fn operations_that_do_not_exist_are_refused_in_the_words_of_their_protocol() {
    on_default(async |wharf| {
        let (url, aws) = (wharf.url(), wharf.aws());
        let answer = Unsigned::ecr("MakeCoffee", "{}").sign(&aws).send(&url).await.expect(400);
        assert_eq!(answer.json()["__type"], "UnknownOperationException", "{answer}");
        let mut unsigned = Unsigned::ecr("GetAuthorizationToken", "{}");
        unsigned.headers[1].1 = "AmazonSQS.GetAuthorizationToken".to_owned();
        let answer = unsigned.sign(&aws).send(&url).await.expect(400);
        assert_eq!(answer.json()["__type"], "UnknownOperationException", "{answer}");
        let answer = Unsigned::query("iam", "MakeCoffee", &[]).sign(&aws).send(&url).await.expect(400);
        let text = String::from_utf8_lossy(answer.body()).into_owned();
        assert!(answer.header("content-type").starts_with("text/xml"), "{answer}");
        assert!(text.contains("<Code>InvalidAction</Code>"), "{text}");
        assert!(text.contains("Could not find operation MakeCoffee for version 2010-05-08"), "{text}");
        let id = answer.header("x-amzn-requestid");
        assert!(text.contains(&format!("<RequestId>{id}</RequestId>")), "{text}");
        // Neither protocol at all.
        let answer = wharf.anonymous().post("/").send().await.expect(400);
        assert!(String::from_utf8_lossy(answer.body()).contains("<Code>MissingAction</Code>"), "{answer}");
        wharf.anonymous().get("/").send().await.expect(404);
    })
    .await;
}

#[tokio::test]
async fn bodies_that_cannot_be_read_are_refused() {
    on_default(async |wharf| {
        let (url, aws) = (wharf.url(), wharf.aws());
        for body in ["{", "[]", "{\"registryIds\":7}", "null", "\u{0}"] {
            let answer = Unsigned::ecr("GetAuthorizationToken", body).sign(&aws).send(&url).await.expect(400);
            assert_eq!(answer.json()["__type"], "SerializationException", "{body}: {answer}");
        }
        // No body at all is no input; members that are not known belong to later versions.
        for body in ["", "{\"later\":[1]}"] {
            Unsigned::ecr("GetAuthorizationToken", body).sign(&aws).send(&url).await.expect(200);
        }
        let large = json!({ "registryIds": ["0".repeat(300 << 10)] }).to_string();
        let answer = Unsigned::ecr("GetAuthorizationToken", &large).sign(&aws).send(&url).await.expect(413);
        assert_eq!(answer.json()["__type"], "RequestEntityTooLargeException", "{answer}");
        for parameters in [vec![("Action", "GetCallerIdentity")], vec![("a.b.c.d.e.f.g.h.i.j.k.l.m", "1")]] {
            let answer =
                Unsigned::query("sts", "GetCallerIdentity", &parameters).sign(&aws).send(&url).await.expect(400);
            assert!(String::from_utf8_lossy(answer.body()).contains("<Code>MalformedInput</Code>"), "{answer}");
        }
    })
    .await;
}

/// SDKs of some languages write null for what their users leave out.
#[tokio::test]
async fn a_member_that_is_null_is_absent_in_every_service() {
    on_default(async |wharf| {
        let (url, aws) = (wharf.url(), wharf.aws());
        let send = async |service: &str, target: &str, body: &str| {
            let mut unsigned = Unsigned::ecr("", body);
            unsigned.service = service.to_owned();
            unsigned.headers[1].1 = target.to_owned();
            unsigned.sign(&aws).send(&url).await
        };
        for body in [
            r#"{"repositoryName":"aa","tags":null,"imageScanningConfiguration":{"scanOnPush":null},"registryId":null}"#,
            r#"{"repositoryName":"bb","tags" : [{"Key":"k","Value": null}],"imageTagMutability":null}"#,
        ] {
            Unsigned::ecr("CreateRepository", body).sign(&aws).send(&url).await.expect(200);
        }
        for (operation, body, code) in [
            ("CreateRepository", r#"{"repositoryName":null}"#, "InvalidParameterException"),
            ("BatchGetImage", r#"{"repositoryName":"aa","imageIds":null}"#, "InvalidParameterException"),
            ("BatchGetImage", r#"{"repositoryName":"aa","imageIds":[null]}"#, "SerializationException"),
        ] {
            let answer = Unsigned::ecr(operation, body).sign(&aws).send(&url).await.expect(400);
            assert_eq!(answer.json()["__type"], code, "{body}: {answer}");
        }
        Unsigned::ecr("DeleteRepository", r#"{"repositoryName":"aa","force":null}"#)
            .sign(&aws)
            .send(&url)
            .await
            .expect(200);
        let ecs = "AmazonEC2ContainerServiceV20141113.CreateCluster";
        send("ecs", ecs, r#"{"clusterName":"c","tags":null,"settings":null}"#).await.expect(200);
        let logs = "Logs_20140328.CreateLogGroup";
        send("logs", logs, r#"{"logGroupName":"g","tags":null,"kmsKeyId":null}"#).await.expect(200);
    })
    .await;
}

/// What reads structures would take a list for one, as the values of its members in their order.
#[tokio::test]
async fn a_list_is_no_structure_however_deep() {
    on_default(async |wharf| {
        let (url, aws) = (wharf.url(), wharf.aws());
        let ecs = |operation: &str, body: &str| {
            let mut unsigned = Unsigned::ecr("", body);
            unsigned.service = "ecs".to_owned();
            unsigned.headers[1].1 = format!("AmazonEC2ContainerServiceV20141113.{operation}");
            unsigned
        };
        for unsigned in [
            Unsigned::ecr("DescribeRepositories", "[null,null,null,null]"),
            Unsigned::ecr("CreateRepository", r#"{"repositoryName":"a","tags":[["k","v"]]}"#),
            Unsigned::ecr("CreateRepository", r#"{"repositoryName":"a","encryptionConfiguration":["AES256",null]}"#),
            Unsigned::ecr("BatchGetImage", r#"{"repositoryName":"a","imageIds":[[null,"tag"]]}"#),
            Unsigned::ecr(
                "CreateRepositoryCreationTemplate",
                r#"{"prefix":"a","appliedFor":["REPLICATION"],"resourceTags":[["k","v"]]}"#,
            ),
            ecs("RegisterTaskDefinition", r#"{"family":"a","volumes":[["v"]],"containerDefinitions":[]}"#),
        ] {
            let answer = unsigned.sign(&aws).send(&url).await.expect(400);
            assert_eq!(answer.json()["__type"], "SerializationException", "{unsigned:?}: {answer}");
        }
    })
    .await;
}

#[tokio::test]
async fn operations_are_counted_by_their_names() {
    on_default(async |wharf| {
        let (url, aws) = (wharf.url(), wharf.aws());
        Unsigned::ecr("GetAuthorizationToken", "{}").sign(&aws).send(&url).await.expect(200);
        Unsigned::query("sts", "GetCallerIdentity", &[]).sign(&aws).send(&url).await.expect(200);
        let metrics = wharf.anonymous().get("/metrics").send().await.expect(200);
        let text = String::from_utf8_lossy(metrics.body()).into_owned();
        for label in ["ecr:GetAuthorizationToken", "sts:GetCallerIdentity"] {
            let line = format!("http_requests_total{{route=\"{label}\",method=\"POST\",status=\"200\"}} 1");
            assert!(text.contains(&line), "{label}: {text}");
        }
    })
    .await;
}

/// A body of the largest size is read for nobody who has no key: whoever sends many would fill the memory.
#[tokio::test]
async fn large_bodies_are_read_for_known_keys_alone() {
    let wharf = tests::harness::Wharf::start(tests::harness::Backend::SqliteDisk).await;
    let operation = "UploadLayerPart";
    let unsigned = Unsigned::ecr(operation, "{}");
    let target = unsigned.headers[1].1.clone();
    // A head that announces what never comes is answered at once.
    let refused = async |authorization: &str, code: &str| {
        let mut stream = tokio::net::TcpStream::connect(wharf.address()).await.expect("the server listens");
        let head = format!(
            "POST / HTTP/1.1\r\nHost: {}\r\nX-Amz-Target: {target}\r\nX-Amz-Date: {}\r\nContent-Length: 20000000\r\n\
             {authorization}\r\n",
            wharf.address(),
            unsigned.time
        );
        tokio::io::AsyncWriteExt::write_all(&mut stream, head.as_bytes()).await.expect("sent");
        // Nothing says when the connection ends, so what is looked for ends the reading.
        let (mut text, mut piece) = (String::new(), [0; 4096]);
        while !text.contains(code) {
            let read = tokio::io::AsyncReadExt::read(&mut stream, &mut piece);
            match tokio::time::timeout(std::time::Duration::from_secs(30), read).await {
                Ok(Ok(count)) if count > 0 => text.push_str(&String::from_utf8_lossy(&piece[..count])),
                _ => break,
            }
        }
        assert!(text.starts_with("HTTP/1.1 400 ") && text.contains(code), "{text}");
    };
    refused("", "MissingAuthenticationTokenException").await;
    let unknown = wharf.aws().with_key("AKIANOBODY0000000000", "x");
    let signed = unsigned.sign(&unknown);
    refused(&format!("Authorization: {}\r\n", signed.header("authorization")), "UnrecognizedClientException").await;
}
