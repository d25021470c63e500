//! The one way of every request to an AWS service: which service and operation → signature → input → authorization → run.
//!
//! A JSON service is found by `X-Amz-Target`, a Query service by `Action` and `Version`, a CBOR service by the path. What an
//! operation needs stands in its table entry, so this knows no operation.

use std::collections::HashMap;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Response, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::record::members;
use crate::{
    Access, Answer, Common, Entry, Fault, Form, Head, Host, Label, Protocol, Record, Service, Signature, cbor, gzip,
    json, query,
};

/// The services of a host.
pub struct Dispatcher<H: Host> {
    host: H,
    services: Vec<Known<H>>,
}

struct Known<H: Host> {
    service: Service<H::Call>,
    operations: HashMap<&'static str, (&'static Entry<H::Call>, &'static str)>,
}

/// A body of this size is read for everybody, as forms must be read to know what they ask.
const SMALL: usize = 256 << 10;

/// How answers look to whoever asks no service that there is.
const NOBODY: Protocol = Protocol::Query { version: "", namespace: "" };

/// What an operation is read from, and how its answer is written.
pub(crate) struct Exchange<'a> {
    protocol: &'a Protocol,
    missing: fn(&str) -> Fault,
    body: &'a Bytes,
    form: Option<&'a Form>,
    request_id: &'a str,
}

impl Exchange<'_> {
    pub(crate) fn decode<T: DeserializeOwned>(&self) -> Result<T, Fault> {
        match (self.form, self.protocol) {
            (Some(form), _) => form.decode(self.missing),
            (None, Protocol::Cbor { .. }) => cbor::decode(self.body, self.missing),
            (None, Protocol::Json { .. } | Protocol::Query { .. }) => json::decode(self.body, self.missing),
        }
    }

    pub(crate) fn encode(&self, operation: &str, output: &impl Serialize) -> Result<Vec<u8>, Fault> {
        match self.protocol {
            Protocol::Json { .. } => json::encode(output),
            Protocol::Cbor { .. } => cbor::encode(output),
            Protocol::Query { namespace, .. } => query::encode(operation, namespace, self.request_id, output),
        }
    }
}

impl<H: Host> Dispatcher<H> {
    /// With these services. Names of operations are unique within one.
    pub fn new(host: H, services: Vec<Service<H::Call>>) -> Self {
        let services = services
            .into_iter()
            .map(|service| {
                let labeled = |entry: &'static Entry<H::Call>| {
                    // One for each operation and process: metrics want text that lives as long as they do.
                    let label: &'static str = format!("{}:{}", service.name, entry.name).leak();
                    (entry.name, (entry, label))
                };
                Known { operations: service.operations.iter().map(labeled).collect(), service }
            })
            .collect();
        Self { host, services }
    }

    /// Whether a request that is no POST asks a service: a presigned or an unsigned Query call.
    pub fn is_call(head: &Head) -> bool {
        let query = head.parts.uri.query().unwrap_or_default();
        form_urlencoded::parse(query.as_bytes()).any(|(name, _)| name == "Action")
    }

    /// How large the body of a request may be. A body that is larger than a form is read only for an access key that
    /// exists.
    pub async fn admit(&self, head: &Head) -> Result<usize, Box<Answer>> {
        let refuse = |protocol, label, fault| Err(Box::new(failure(head, protocol, label, &fault)));
        let Some(Named { operation, protocol, known, found }) = self.named(head) else {
            return Ok(SMALL);
        };
        let Some(known) = known else {
            return refuse(&protocol, "aws", unknown_operation(&operation));
        };
        let Some((entry, label)) = found else {
            if (known.service.unsupported)(&operation).is_some() {
                return Ok(SMALL);
            }
            return refuse(&known.service.protocol, known.service.name, unknown_operation(&operation));
        };
        if entry.body_limit > SMALL {
            let (signature, fault) = match Signature::read(head) {
                Ok(Some(signature)) if self.host.knows(&signature) => return Ok(entry.body_limit),
                Ok(Some(signature)) => (Some(signature), unrecognized()),
                Ok(None) => (None, unsigned(&known.service.protocol)),
                Err(fault) => (None, fault),
            };
            if self.host.wants(entry.audit, Some(&fault)) {
                let record = Record {
                    head,
                    service: known.service.name,
                    operation: entry.name,
                    audit: entry.audit,
                    call: None,
                    signature: signature.as_ref(),
                    parameters: Value::Null,
                    response: Value::Null,
                    fault: Some(&fault),
                    protocol: &known.service.protocol,
                };
                self.host.record(record).await;
            }
            return refuse(&known.service.protocol, label, fault);
        }
        Ok(entry.body_limit)
    }

    /// The answer to a body that is larger than [`Dispatcher::admit`] said.
    pub fn too_large(&self, head: &Head, limit: usize) -> Answer {
        let protocol = self.named(head).map_or(NOBODY, |named| named.protocol);
        let message = format!("The request body is larger than {limit} bytes.");
        failure(head, &protocol, "aws", &Fault::common(Common::TooLarge, message))
    }

    /// Answers a request.
    pub async fn serve(&self, head: Head, body: Bytes) -> Answer {
        let Some(Named { operation, protocol, known, found }) = self.named(&head) else {
            return self.serve_query(&head, &body).await;
        };
        match (known, found) {
            (None, _) => failure(&head, &protocol, "aws", &unknown_operation(&operation)),
            (Some(known), None) => self.absent(&head, &known.service, &operation, &body),
            (Some(known), Some(found)) => self.answer(&head, &known.service, found, &body, None).await,
        }
    }

    /// The answer to a call of an operation that is not here.
    fn absent(&self, head: &Head, service: &Service<H::Call>, operation: &str, body: &Bytes) -> Answer {
        let known = || {
            let signature = Signature::read(head)?.ok_or_else(|| unsigned(&service.protocol))?;
            self.host.authenticate(head, Some(&signature), service.name, Access::Signed, body).map(drop)
        };
        let fault = match (service.unsupported)(operation) {
            Some(fault) => known().err().unwrap_or(fault),
            None => unknown_operation(operation),
        };
        failure(head, &service.protocol, service.name, &fault)
    }

    async fn serve_query(&self, head: &Head, body: &Bytes) -> Answer {
        let query = head.parts.uri.query().unwrap_or_default().as_bytes();
        let sent: &[u8] = if head.parts.method == Method::POST { body } else { b"" };
        let Some(form) = Form::parse([query, sent]) else {
            let fault = Fault::common(Common::Serialization, "The parameters of the request cannot be read.");
            return failure(head, &NOBODY, "aws", &fault);
        };
        let (action, version) = (form.get("Action"), form.get("Version").unwrap_or_default());
        let Some(action) = action else {
            let fault = Fault::new("MissingAction", "The request must contain the parameter Action.");
            return failure(head, &NOBODY, "aws", &fault);
        };
        let known = self
            .services
            .iter()
            .find(|known| matches!(known.service.protocol, Protocol::Query { version: its, .. } if its == version));
        let unknown = || {
            let text = format!("Could not find operation {} for version {}", shown(action), shown(version));
            Fault::common(Common::UnknownOperation, text)
        };
        match known {
            None => failure(head, &NOBODY, "aws", &unknown()),
            Some(known) => match known.operations.get(action) {
                None => failure(head, &known.service.protocol, known.service.name, &unknown()),
                Some(found) => self.answer(head, &known.service, *found, body, Some(&form)).await,
            },
        }
    }

    async fn answer(
        &self,
        head: &Head,
        service: &Service<H::Call>,
        (entry, label): (&'static Entry<H::Call>, &'static str),
        body: &Bytes,
        form: Option<&Form>,
    ) -> Answer {
        let mut signature = None;
        let mut call = None;
        let mut sent = body.clone();
        let done = async {
            signature = Signature::read(head)?;
            if signature.is_none() && entry.access != Access::Unsigned {
                return Err(unsigned(&service.protocol));
            }
            let caller = self.host.authenticate(head, signature.as_ref(), service.name, entry.access, body)?;
            let caller = call.insert(caller);
            // What was signed is what came.
            sent = gzip::unpacked(head, body, entry.body_limit)?;
            let exchange = Exchange {
                protocol: &service.protocol,
                missing: service.missing,
                body: &sent,
                form,
                request_id: &head.request_id,
            };
            (entry.run)(caller, &exchange).await
        }
        .await;
        let (outcome, response) = match done {
            Ok(done) => (Ok(done.body), done.response),
            Err(fault) => (Err(fault), Value::Null),
        };
        if self.host.wants(entry.audit, outcome.as_ref().err()) {
            let record = Record {
                head,
                service: service.name,
                operation: entry.name,
                audit: entry.audit,
                call: call.as_ref(),
                signature: signature.as_ref(),
                parameters: parameters(&service.protocol, &sent, form),
                response,
                fault: outcome.as_ref().err(),
                protocol: &service.protocol,
            };
            self.host.record(record).await;
        }
        match outcome {
            Ok(body) => finish(head, StatusCode::OK, content_type(head, &service.protocol), label, body),
            Err(fault) => failure(head, &service.protocol, label, &fault),
        }
    }

    /// What the head of a request names. Nothing if only a form can: then it is a Query service, or none.
    fn named(&self, head: &Head) -> Option<Named<'_, H>> {
        if let Some((service, operation)) = cbor::named(head.parts.uri.path()) {
            let its = |protocol| matches!(protocol, Protocol::Cbor { service: its } if its == service);
            let known = self.services.iter().find(|known| its(known.service.protocol));
            let known = known.filter(|_| cbor::speaks(head));
            return Some(Named::new(Protocol::Cbor { service: "" }, known, operation));
        }
        let target = target(head)?;
        // Without a dot it names nothing.
        let (prefix, operation) = target.rsplit_once('.').unwrap_or(("", &target));
        let its = |protocol| matches!(protocol, Protocol::Json { target } if target == prefix);
        let known = self.services.iter().find(|known| its(known.service.protocol));
        Some(Named::new(Protocol::Json { target: "" }, known, operation))
    }
}

/// A service and an operation as a head names them, whether or not they are there.
struct Named<'d, H: Host> {
    operation: String,
    /// How the client speaks.
    protocol: Protocol,
    known: Option<&'d Known<H>>,
    found: Option<(&'static Entry<H::Call>, &'static str)>,
}

impl<'d, H: Host> Named<'d, H> {
    fn new(protocol: Protocol, known: Option<&'d Known<H>>, operation: &str) -> Self {
        let found = known.and_then(|known| known.operations.get(operation).copied());
        Self { operation: operation.to_owned(), protocol, known, found }
    }
}

/// The input for the audit log.
fn parameters(protocol: &Protocol, body: &Bytes, form: Option<&Form>) -> Value {
    match form {
        Some(form) => match form.to_json() {
            Value::Object(mut named) => {
                // Those that say what is called and how it is signed are no parameters.
                named.retain(|name, _| !matches!(name.as_str(), "action" | "version") && !name.starts_with("x-Amz-"));
                Value::Object(named)
            }
            other => other,
        },
        // Layers are no parameters, and manifests are stored.
        None if body.len() > SMALL => Value::Null,
        None => members(match protocol {
            Protocol::Cbor { .. } => cbor::to_json(body).unwrap_or_default(),
            Protocol::Json { .. } | Protocol::Query { .. } => serde_json::from_slice(body).unwrap_or_default(),
        }),
    }
}

/// The target of a JSON request. More than one, or one that is not text, is none that is known.
fn target(head: &Head) -> Option<String> {
    head.parts.headers.contains_key("x-amz-target").then(|| head.header("x-amz-target").unwrap_or_default().to_owned())
}

fn unknown_operation(operation: &str) -> Fault {
    Fault::common(Common::UnknownOperation, format!("The operation {} is not supported.", shown(operation)))
}

fn unsigned(protocol: &Protocol) -> Fault {
    let message = match protocol {
        Protocol::Json { .. } | Protocol::Cbor { .. } => "Missing Authentication Token",
        Protocol::Query { .. } => "Request is missing Authentication Token",
    };
    Fault::common(Common::MissingAuthenticationToken, message)
}

fn unrecognized() -> Fault {
    Fault::common(Common::UnrecognizedClient, "The security token included in the request is invalid.")
}

fn shown(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).take(128).collect()
}

fn content_type(head: &Head, protocol: &Protocol) -> &'static str {
    match protocol {
        // CloudWatch speaks the version before, which differs in nothing else.
        Protocol::Json { .. } if head.header("content-type") == Some(json::CONTENT_TYPE_1_0) => json::CONTENT_TYPE_1_0,
        Protocol::Json { .. } => json::CONTENT_TYPE,
        Protocol::Cbor { .. } => cbor::CONTENT_TYPE,
        Protocol::Query { .. } => query::CONTENT_TYPE,
    }
}

fn failure(head: &Head, protocol: &Protocol, label: &'static str, fault: &Fault) -> Answer {
    let body = match protocol {
        Protocol::Json { .. } => json::encode_fault(fault, protocol),
        Protocol::Cbor { .. } => cbor::encode_fault(fault, protocol),
        Protocol::Query { .. } => query::encode_fault(fault, protocol, &head.request_id),
    };
    let mut answer = finish(head, fault.status(protocol), content_type(head, protocol), label, body.into());
    // A service that spoke Query once: its clients go on to know failures by the names of then.
    if !matches!(protocol, Protocol::Query { .. }) && head.header("x-amzn-query-mode") == Some("true") {
        let code = fault.code(&NOBODY);
        let whose = if fault.status(protocol).is_server_error() { "Receiver" } else { "Sender" };
        if let Ok(value) = HeaderValue::from_str(&format!("{code};{whose}")) {
            answer.headers_mut().insert("x-amzn-query-error", value);
        }
    }
    answer
}

fn finish(head: &Head, status: StatusCode, content_type: &'static str, label: &'static str, body: Bytes) -> Answer {
    let mut answer = Response::new(body);
    *answer.status_mut() = status;
    if content_type == cbor::CONTENT_TYPE {
        answer.headers_mut().insert(cbor::HEADER, HeaderValue::from_static(cbor::PROTOCOL));
    }
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    if let Ok(id) = HeaderValue::from_str(&head.request_id) {
        answer.headers_mut().insert("x-amzn-requestid", id);
    }
    answer.extensions_mut().insert(Label(label));
    answer
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use http::Request;
    use serde::{Deserialize, Serialize};
    use types::Timestamp;

    use super::*;
    use crate::{Audit, Call, Need, Operation, Resource};

    /// Lets everybody in and allows only what is about everything.
    struct Open;
    struct Caller;

    impl Host for Open {
        type Call = Caller;

        fn knows(&self, _: &Signature) -> bool {
            true
        }

        fn authenticate(
            &self,
            _: &Head,
            _: Option<&Signature>,
            _: &'static str,
            _: Access,
            _: &Bytes,
        ) -> Result<Caller, Fault> {
            Ok(Caller)
        }

        fn wants(&self, _: Audit, _: Option<&Fault>) -> bool {
            false
        }

        async fn record(&self, _: Record<'_, Caller>) {}
    }

    impl Call for Caller {
        type Grant = ();

        async fn authorize(&self, needs: &[Need]) -> Result<(), Fault> {
            if needs.iter().all(|need| need.resource == Resource::Any) {
                return Ok(());
            }
            Err(Fault::common(Common::AccessDenied, "no"))
        }
    }

    #[derive(Deserialize)]
    struct Input {}

    #[derive(Serialize)]
    struct Output {
        done: bool,
    }

    macro_rules! operation {
        ($name:ident, $access:expr, $needs:expr) => {
            struct $name;

            impl Operation for $name {
                type Call = Caller;
                const NAME: &'static str = stringify!($name);
                const ACTION: &'static str = concat!("test:", stringify!($name));
                const ACCESS: Access = $access;
                type Input = Input;
                type Output = Output;
                type Error = Fault;

                fn needs(_: &Caller, _: &Input) -> Result<Vec<Need>, Fault> {
                    Ok($needs)
                }

                async fn run(_: &Caller, _: &(), _: Input) -> Result<Output, Fault> {
                    Ok(Output { done: true })
                }
            }
        };
    }

    operation!(GetNothing, Access::Permission, Vec::new());
    operation!(GetSomething, Access::Permission, vec![Need::new(Self::ACTION, Resource::Any)]);
    operation!(WhoAmI, Access::Signed, Vec::new());
    operation!(Anybody, Access::Unsigned, Vec::new());

    const OPERATIONS: &[Entry<Caller>] =
        &[Entry::of::<GetNothing>(), Entry::of::<GetSomething>(), Entry::of::<WhoAmI>(), Entry::of::<Anybody>()];

    fn missing(member: &str) -> Fault {
        Fault::new("Missing", member)
    }

    fn unsupported(operation: &str) -> Option<Fault> {
        (operation == "Elsewhere").then(|| Fault::new("Unsupported", "not here"))
    }

    fn ask(operation: &str, signed: bool) -> (u16, String) {
        let protocol = Protocol::Json { target: "Test" };
        let dispatcher = Dispatcher::new(
            Open,
            vec![Service { name: "test", protocol, operations: OPERATIONS, unsupported, missing }],
        );
        let mut request = Request::post("/").header("x-amz-target", format!("Test.{operation}"));
        if signed {
            let signature = "0".repeat(64);
            let value = format!(
                "AWS4-HMAC-SHA256 Credential=A/20150830/r/test/aws4_request, \
                 SignedHeaders=host;x-amz-date;x-amz-target, Signature={signature}"
            );
            request = request.header("authorization", value).header("x-amz-date", "20150830T123600Z");
        }
        let head = Head {
            parts: request.body(()).unwrap().into_parts().0,
            source: [127, 0, 0, 1].into(),
            secure: false,
            host: None,
            request_id: "id".to_owned(),
            received_at: Timestamp::from_micros(0),
        };
        let answer = dispatcher.serve(head, Bytes::new()).now_or_never().unwrap();
        (answer.status().as_u16(), String::from_utf8_lossy(answer.body()).into_owned())
    }

    #[test]
    fn an_operation_that_forgets_what_it_needs_runs_for_nobody() {
        let (status, body) = ask("GetNothing", true);
        assert!(status == 500 && body.contains("InternalFailure"), "{status} {body}");
        assert_eq!(ask("GetSomething", true), (200, r#"{"done":true}"#.to_owned()));
        assert_eq!(ask("WhoAmI", true), (200, r#"{"done":true}"#.to_owned()));
    }

    #[test]
    fn only_what_says_so_runs_without_a_signature() {
        for operation in ["GetNothing", "GetSomething", "WhoAmI"] {
            let (status, body) = ask(operation, false);
            assert!(status == 400 && body.contains("MissingAuthenticationTokenException"), "{operation}: {body}");
        }
        assert_eq!(ask("Anybody", false), (200, r#"{"done":true}"#.to_owned()));
        assert!(ask("Nothing", true).1.contains("UnknownOperationException"));
        assert!(ask("Elsewhere", true).1.contains("Unsupported"));
        assert!(ask("Elsewhere", false).1.contains("MissingAuthenticationTokenException"));
    }
}
