//! An operation as its author writes it, and as dispatch sees it.

use std::any::Any;
use std::future::{Future, ready};

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::dispatch::Exchange;
use crate::record::members;
use crate::{Audit, Call, Fault, Need};

/// Who may reach an operation at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Whoever signs the request and is allowed what [`Operation::needs`] says.
    Permission,
    /// Whoever signs the request, such as `GetCallerIdentity`; or the rule itself judges, as `AssumeRole` does.
    Signed,
    /// Everybody: the input proves who calls, as in `AssumeRoleWithWebIdentity`.
    Unsigned,
}

/// One operation of a service, implemented on a type that is named as AWS names the operation.
pub trait Operation: Send + 'static {
    /// What it is given.
    type Call: Call;
    /// As AWS spells it, `PutImage`.
    const NAME: &'static str;
    /// The action that it is authorized as, `ecr:PutImage`.
    const ACTION: &'static str;
    /// Who may reach it.
    const ACCESS: Access = Access::Permission;
    /// The largest request body.
    const BODY_LIMIT: usize = 256 << 10;
    /// What the audit log keeps.
    const AUDIT: Audit = Audit::of(Self::NAME);
    /// Its parameters. A member that is no `Option` and has no default is required.
    type Input: DeserializeOwned + Send;
    /// Its answer. Members that are absent must be skipped, not null. `()` if there is none.
    type Output: Serialize + Send;
    /// How it fails.
    type Error: Into<Fault> + From<Fault> + Send;

    /// Looks up what the input leaves open and [`Operation::needs`] has to know: an ARN that does not follow from a name, the
    /// revision that a family means. The caller is known and may not be allowed anything yet: nothing of this is an answer.
    fn resolve(_call: &Self::Call, _input: &mut Self::Input) -> impl Future<Output = Result<(), Self::Error>> + Send {
        ready(Ok(()))
    }

    /// What a call needs to be allowed, from its input, which is checked here as far as that takes.
    fn needs(call: &Self::Call, input: &Self::Input) -> Result<Vec<Need>, Self::Error>;

    /// Does it, with the proof that everything in [`Operation::needs`] is allowed.
    fn run(
        call: &Self::Call,
        grant: &<Self::Call as Call>::Grant,
        input: Self::Input,
    ) -> impl Future<Output = Result<Self::Output, Self::Error>> + Send;

    /// What is kept until the answer was sent: its share of a budget of memory.
    fn kept(_output: &mut Self::Output) -> Option<Box<dyn Any + Send>> {
        None
    }
}

/// An operation whose types are known to nobody else any more.
type Run<C> = for<'a> fn(&'a C, &'a Exchange<'a>) -> BoxFuture<'a, Result<Done, Fault>>;

/// What came of an operation.
pub(crate) struct Done {
    pub(crate) body: Bytes,
    /// The output for the audit log; null if it only reads.
    pub(crate) response: Value,
}

/// An operation in the table of its service.
pub struct Entry<C: Call> {
    /// As AWS spells it.
    pub name: &'static str,
    /// The action that it is authorized as.
    pub action: &'static str,
    /// Who may reach it.
    pub access: Access,
    /// The largest request body.
    pub body_limit: usize,
    /// What the audit log keeps.
    pub audit: Audit,
    pub(crate) run: Run<C>,
}

impl<C: Call> Entry<C> {
    /// The entry of an operation.
    pub const fn of<O: Operation<Call = C>>() -> Self {
        Self {
            name: O::NAME,
            action: O::ACTION,
            access: O::ACCESS,
            body_limit: O::BODY_LIMIT,
            audit: O::AUDIT,
            run: |call, exchange| run::<O>(call, exchange).boxed(),
        }
    }
}

/// Decode, look up, ask what is needed, authorize, run, encode: the same for every operation.
async fn run<O: Operation>(call: &O::Call, exchange: &Exchange<'_>) -> Result<Done, Fault> {
    let mut input: O::Input = exchange.decode()?;
    O::resolve(call, &mut input).await.map_err(Into::into)?;
    let needs = O::needs(call, &input).map_err(Into::into)?;
    if needs.is_empty() && O::ACCESS == Access::Permission {
        tracing::error!(operation = O::NAME, "an operation that needs permission did not say which");
        return Err(Fault::internal());
    }
    let grant = call.authorize(&needs).await?;
    let mut output = O::run(call, &grant, input).await.map_err(Into::into)?;
    let response = match O::AUDIT {
        Audit::Change | Audit::Push => serde_json::to_value(&output).map_or(Value::Null, members),
        Audit::Read | Audit::Data => Value::Null,
    };
    let kept = O::kept(&mut output);
    let body = exchange.encode(O::NAME, &output)?;
    let body = match kept {
        Some(kept) => Bytes::from_owner(Kept { body, _with: kept }),
        None => Bytes::from(body),
    };
    Ok(Done { body, response })
}

/// An answer with what is kept until its last byte is let go.
struct Kept {
    body: Vec<u8>,
    _with: Box<dyn Any + Send>,
}

impl AsRef<[u8]> for Kept {
    fn as_ref(&self) -> &[u8] {
        &self.body
    }
}
