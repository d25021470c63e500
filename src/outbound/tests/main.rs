//! The client against servers that want it to go where it must not, or to take more than it should.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use wharf_outbound::{Ask, Call, ChosenBy, Client, Config, Error, HeaderMap, HeaderValue, Proxy, Roots};

/// A server that gives every connection the same answer and counts them.
async fn serve(answer: impl Into<String>) -> (String, Arc<AtomicUsize>) {
    let answer = answer.into();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let count = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&count);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            counter.fetch_add(1, Ordering::SeqCst);
            let answer = answer.clone();
            tokio::spawn(async move {
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await;
                let _ = stream.write_all(answer.as_bytes()).await;
                let _ = stream.read(&mut request).await;
            });
        }
    });
    (url, count)
}

fn redirect(to: &str) -> String {
    format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
}

fn client(loopback: bool) -> Client {
    Client::new(Config { loopback, ..Config::default() })
}

fn forbidden(result: Result<impl std::fmt::Debug, Error>) -> &'static str {
    match result {
        Err(Error::Forbidden(_, why)) => why,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_answer_is_brought_back_within_its_limit() {
    let (url, _) = serve("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello").await;
    assert_eq!(client(true).get(&url, 5).await.unwrap().as_ref(), b"hello");
    assert!(matches!(client(true).get(&url, 4).await, Err(Error::TooLong(_, 4))));
    let (endless, _) = serve(format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(100_000))).await;
    assert!(matches!(client(true).get(&endless, 1000).await, Err(Error::TooLong(..))));
    let (missing, _) = serve("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n").await;
    assert!(matches!(client(true).get(&missing, 10).await, Err(Error::Status(_, 404))));
    let (closed, _) = serve("").await;
    assert!(matches!(client(true).get(&closed, 10).await, Err(Error::Unreachable(..))));
}

#[tokio::test]
async fn this_machine_is_not_asked_unless_that_is_allowed() {
    let (url, count) = serve("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
    let port = url.rsplit(':').next().unwrap();
    assert_eq!(forbidden(client(false).get(&url, 10).await), "a loopback address");
    assert_eq!(forbidden(client(false).get(&format!("https://localhost:{port}/"), 10).await), "a loopback address");
    assert_eq!(
        forbidden(client(false).get(&format!("https://[::ffff:7f00:1]:{port}/"), 10).await),
        "a loopback address"
    );
    assert_eq!(forbidden(client(false).get("http://0x7f.1/", 10).await), "a loopback address");
    assert_eq!(count.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_redirect_is_looked_at_like_the_first_address() {
    let cases = [
        ("https://169.254.169.254/latest/meta-data/", "a link-local address"),
        ("https://[fe80::1]/", "a link-local address"),
        ("https://100.100.100.200/", "a metadata service"),
        ("http://example.com/", "plain HTTP"),
        ("ftp://example.com/", "another scheme than https"),
        ("https://user:password@example.com/", "a URL with credentials"),
    ];
    for (to, why) in cases {
        let (url, _) = serve(redirect(to)).await;
        assert_eq!(forbidden(client(true).get(&url, 10).await), why, "{to}");
        assert_eq!(forbidden(client(true).get(to, 10).await), why, "{to}");
    }
    let (end, _) = serve("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await;
    let (url, _) = serve(redirect(&end)).await;
    assert_eq!(client(true).get(&url, 10).await.unwrap().as_ref(), b"ok");
    let (circle, count) = serve(redirect("/again")).await;
    assert_eq!(forbidden(client(true).get(&circle, 10).await), "too many redirects");
    assert_eq!(count.load(Ordering::SeqCst), 4);
}

#[tokio::test]
async fn nothing_else_than_a_url_is_asked() {
    for text in ["", "example.com", "file:///etc/passwd", "unix:/x", "https://", "//example.com"] {
        assert!(matches!(client(true).get(text, 10).await, Err(Error::Forbidden(..))), "{text}");
    }
}

#[tokio::test]
async fn a_silent_host_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let begin = Instant::now();
    assert!(matches!(client(true).get(&url, 10).await, Err(Error::Unreachable(..))));
    assert!(begin.elapsed() < Duration::from_secs(15));
}

fn ask(url: &str, chosen_by: ChosenBy) -> Ask<'_> {
    Ask { url, chosen_by, head: false, accept: "", authorization: None, hops: 5, patience: Duration::from_secs(5) }
}

#[tokio::test]
async fn every_status_is_an_answer_and_the_body_is_read_piece_by_piece() {
    let (url, _) = serve("HTTP/1.1 401 Unauthorized\r\nContent-Length: 5\r\n\r\nhello").await;
    let (moved, _) = serve(redirect(&url)).await;
    for url in [&url, &moved] {
        let mut answer = client(true).send(&ask(url, ChosenBy::Caller)).await.unwrap();
        assert_eq!((answer.status(), answer.length()), (401, Some(5)));
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.unwrap() {
            body.extend_from_slice(&chunk);
        }
        assert_eq!(body, b"hello");
    }
    let answer = client(true).send(&ask(&url, ChosenBy::Caller)).await.unwrap();
    assert!(matches!(answer.body(4).await, Err(Error::TooLong(_, 4))));
}

#[tokio::test]
async fn a_host_that_the_operator_chose_may_be_anywhere_and_leads_nowhere_near() {
    let (target, asked) = serve("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
    let (url, _) = serve(redirect(&target)).await;
    for chosen_by in [ChosenBy::Caller, ChosenBy::Stranger] {
        assert_eq!(forbidden(client(false).send(&ask(&url, chosen_by)).await), "a loopback address");
    }
    assert_eq!(forbidden(client(false).send(&ask(&url, ChosenBy::Operator)).await), "a loopback address");
    assert_eq!(asked.load(Ordering::SeqCst), 0);
    assert_eq!(client(false).send(&ask(&target, ChosenBy::Operator)).await.unwrap().status(), 200);
    let private = ask("https://10.1.2.3/", ChosenBy::Stranger);
    assert_eq!(forbidden(client(false).send(&private).await), "an address of a private network");
}

/// A server that says which credentials it got, and where it sends everybody.
async fn confess(location: Option<&str>) -> (String, Arc<Mutex<Vec<bool>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (notes, location) = (Arc::clone(&seen), location.map(str::to_owned));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = vec![0; 4096];
            let length = stream.read(&mut request).await.unwrap_or_default();
            let text = String::from_utf8_lossy(&request[..length]).to_lowercase();
            notes.lock().expect("nobody panicked").push(text.contains("authorization: basic"));
            let answer = match &location {
                Some(to) if !text.starts_with("get /end") => redirect(to),
                _ => "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".to_owned(),
            };
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    (url, seen)
}

#[tokio::test]
async fn credentials_stay_with_their_host() {
    let credentials = HeaderValue::from_static("Basic dTpw");
    let (elsewhere, stranger) = confess(None).await;
    let (url, own) = confess(Some(&elsewhere)).await;
    let with = Ask { authorization: Some(&credentials), ..ask(&url, ChosenBy::Operator) };
    assert_eq!(client(true).send(&with).await.unwrap().status(), 200);
    assert_eq!((own.lock().unwrap().clone(), stranger.lock().unwrap().clone()), (vec![true], vec![false]));
    // Nor do they come back once another host has led the way.
    let (back, own) = confess(Some("/end")).await;
    let (between, _) = serve(redirect(&format!("{back}/end"))).await;
    let (start, first) = confess(Some(&between)).await;
    let with = Ask { authorization: Some(&credentials), ..ask(&start, ChosenBy::Caller) };
    assert_eq!(client(true).send(&with).await.unwrap().status(), 200);
    assert_eq!((first.lock().unwrap().clone(), own.lock().unwrap().clone()), (vec![true], vec![false]));
    // On the same host they are needed.
    let with = Ask { authorization: Some(&credentials), ..ask(&back, ChosenBy::Caller) };
    assert_eq!(client(true).send(&with).await.unwrap().status(), 200);
    assert_eq!(own.lock().unwrap().clone(), vec![false, true, true]);
}

#[tokio::test]
async fn a_certificate_must_be_trusted() {
    let (certificate, key) = (include_bytes!("testdata/own.crt"), include_bytes!("testdata/own.key"));
    let chain = vec![CertificateDer::from_pem_slice(certificate).expect("a certificate")];
    let key = PrivateKeyDer::from_pem_slice(key).expect("a key");
    let _ = tokio_rustls::rustls::crypto::aws_lc_rs::default_provider().install_default();
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key).expect("they fit");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("https://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok").await;
            let _ = stream.shutdown().await;
        }
    });
    assert!(matches!(client(true).get(&url, 10).await, Err(Error::Unreachable(..))));
    let trusting = |loopback| {
        Client::new(Config { loopback, roots: Roots::parse(certificate).expect("certificates"), ..Config::default() })
    };
    assert_eq!(trusting(true).get(&url, 10).await.unwrap().as_ref(), b"ok");
    assert_eq!(forbidden(trusting(false).get(&url, 10).await), "a loopback address");
    for pem in ["", "nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        assert!(Roots::parse(pem.as_bytes()).is_err(), "{pem}");
    }
}

#[tokio::test]
async fn a_call_is_answered_whatever_its_status_and_follows_nothing() {
    let call = async |url: &str, limit| {
        let body = Some(Bytes::from_static(b"{}"));
        let (headers, patience) = (HeaderMap::new(), Duration::from_secs(5));
        let call = Call { url, chosen_by: ChosenBy::Operator, headers, body, patience };
        let answer = client(false).call(call).await?;
        Ok::<_, Error>((answer.status(), answer.body(limit).await?))
    };
    let (refusal, _) = serve("HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\nno").await;
    assert_eq!(call(&refusal, 2).await.unwrap(), (400, Bytes::from_static(b"no")));
    assert!(matches!(call(&refusal, 1).await, Err(Error::TooLong(_, 1))));
    let (elsewhere, count) = serve(redirect(&refusal)).await;
    assert_eq!(call(&elsewhere, 10).await.unwrap().0, 302);
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_connection_becomes_one_of_another_protocol() {
    let upgrade = async |url: &str| client(false).upgrade(url, HeaderMap::new(), Duration::from_secs(5)).await;
    let (url, _) = serve("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\nhello").await;
    let (headers, mut connection) = upgrade(&url).await.unwrap();
    assert_eq!(headers["upgrade"], "echo");
    let mut said = [0; 5];
    connection.read_exact(&mut said).await.unwrap();
    assert_eq!(&said, b"hello");
    let (refusal, _) = serve("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n").await;
    assert!(matches!(upgrade(&refusal).await, Err(Error::Status(_, 403))));
}

/// A proxy that answers everything by itself and remembers the first lines of what it was asked.
async fn proxy() -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://name:pass@{}", listener.local_addr().expect("an address"));
    let asked = Arc::new(Mutex::new(Vec::new()));
    let own = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = vec![0; 4096];
            let length = stream.read(&mut request).await.unwrap_or_default();
            let text = String::from_utf8_lossy(&request[..length]).to_lowercase();
            // name:pass
            assert!(text.contains("proxy-authorization: basic bmftztpwyxnz"), "{text}");
            own.lock().expect("nobody panicked").push(text.lines().next().unwrap_or_default().to_owned());
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nproxy").await;
        }
    });
    (url, asked)
}

#[tokio::test]
async fn requests_go_out_through_a_proxy_but_for_those_that_need_none() {
    let (near, count) = serve("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnear").await;
    let (proxy, asked) = proxy().await;
    let through = |except: &str, loopback: bool| {
        let proxy = Some(Proxy::parse(&proxy, except).unwrap());
        Client::new(Config { proxy, loopback, ..Config::default() })
    };
    let ask = |url, chosen_by| Ask {
        url,
        chosen_by,
        head: false,
        accept: "",
        authorization: None,
        hops: 0,
        patience: Duration::from_secs(5),
    };
    // A name that only the proxy knows, and a proxy that is on this machine, whoever chose the host.
    let far = through("", false).send(&ask("http://registry.invalid/v2/", ChosenBy::Operator)).await.unwrap();
    assert_eq!(far.body(10).await.unwrap().as_ref(), b"proxy");
    for chosen_by in [ChosenBy::Caller, ChosenBy::Stranger] {
        // It is no tunnel, so that it cannot be more than asked for one.
        through("", false).send(&ask("https://registry.invalid/v2/", chosen_by)).await.unwrap_err();
    }
    let lines = std::mem::take(&mut *asked.lock().unwrap());
    assert_eq!(lines[0], "get http://registry.invalid/v2/ http/1.1");
    assert_eq!(lines[1..], ["connect registry.invalid:443 http/1.1", "connect registry.invalid:443 http/1.1"]);
    let answer = through("example.com,127.0.0.0/8", true).get(&near, 10).await.unwrap();
    assert_eq!((answer.as_ref(), count.load(Ordering::SeqCst)), (b"near".as_slice(), 1));
    // What must not be asked is not asked for either.
    for near in ["https://127.0.0.1/", "https://localhost/", "https://a.localhost/", "https://169.254.169.254/"] {
        forbidden(through("", false).get(near, 10).await);
    }
    assert!(asked.lock().unwrap().is_empty());
}
