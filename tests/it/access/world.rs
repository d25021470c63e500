//! A server with several principals and repositories with and without policies, and requests to them. What is expected of a
//! request is told from the model alone.

use serde_json::json;
use tests::harness::client::{Call, encode};
use tests::harness::content::{self, OCI_INDEX};
use tests::harness::{Auth, Client, Image, Wharf, digest, random};
use uuid::Uuid;

use super::model::{self, Rule, Standing, Verdict, allow, deny};
use super::operations::{Kind, Operation};

/// Somebody who sends requests.
pub struct Principal {
    /// The name.
    pub name: &'static str,
    /// What sort of principal this is.
    pub standing: Standing,
    /// The rules of the identity policy.
    pub rules: Vec<Rule>,
    /// An access key, or nothing at all.
    pub basic: Auth,
    /// A token that was got with it.
    pub bearer: Auth,
}

/// A repository, or a name under which there is none.
pub struct Place {
    /// The name.
    pub name: String,
    /// The rules of the repository policy; none at all is no policy.
    pub rules: Vec<Rule>,
    /// What is in it; nothing in a repository that does not exist.
    pub content: Option<Content>,
}

/// What a repository holds.
pub struct Content {
    /// What the tag `tag` names.
    pub image: Image,
    /// The location of an upload session of root's.
    pub session: String,
}

/// All of it.
pub struct World<'w> {
    /// The server.
    pub wharf: &'w Wharf,
    /// Everybody.
    pub principals: Vec<Principal>,
    /// Everything; mounts take from the first.
    pub places: Vec<Place>,
}

/// What must come of a request.
#[derive(Debug, PartialEq, Eq)]
pub struct Expected {
    /// The status.
    pub status: u16,
    /// The code of an error.
    pub code: &'static str,
    /// The message of an error, where the model knows it.
    pub message: Option<String>,
}

/// The repository that most principals have their rights in.
pub const OWN: &str = "team/app";

impl<'w> World<'w> {
    /// Creates everybody and everything.
    pub async fn create(wharf: &'w Wharf) -> Self {
        let team = "team/*";
        let users: [(&str, Standing, Vec<Rule>); 7] = [
            ("push", Standing::User, vec![allow(model::PUSH, team)]),
            ("pull", Standing::User, vec![allow(model::PULL, team)]),
            ("prefix", Standing::User, vec![allow(model::EVERYTHING, team)]),
            ("nothing", Standing::User, vec![]),
            ("fenced", Standing::User, vec![allow(model::EVERYTHING, "*"), deny(model::EVERYTHING, team)]),
            ("reader", Standing::User, vec![allow(model::EVERYTHING, "*"), deny(&["ecr:PutImage"], "*")]),
            ("disabled", Standing::Disabled, vec![allow(model::EVERYTHING, "*")]),
        ];
        let users: Vec<_> = users
            .into_iter()
            .map(|(name, standing, rules)| {
                (wharf.create_user(name, &model::identity_policy(&rules)), name, standing, rules)
            })
            .collect();
        wharf.know(&users.last().expect("there are users").0).await;

        let mut places = vec![place(OWN, vec![]), place("other/app", vec![])];
        places.push(place("public/app", vec![allow(model::PULL, "*")]));
        // A denial in the policy of a repository binds root too.
        places.push(place("team/guarded", vec![deny(&["ecr:PutImage", "ecr:BatchDeleteImage"], "*")]));
        for place in &mut places {
            let repository = wharf.client().repository(&place.name);
            let image = repository.push_small("tag").await;
            place.content = Some(Content { image, session: repository.begin().await.location });
            if !place.rules.is_empty() {
                wharf.set_repository_policy(&place.name, &model::repository_policy(&place.rules));
            }
        }
        places.extend([place("team/absent", vec![]), place("other/absent", vec![])]);

        let mut principals = Vec::new();
        let root = wharf.client();
        let bearer = token(&root).await;
        principals.push(Principal {
            name: "root",
            standing: Standing::Root,
            rules: vec![],
            basic: root_auth(),
            bearer,
        });
        for (user, name, standing, rules) in users {
            let bearer = token(&root.as_(user.auth())).await;
            if standing == Standing::Disabled {
                wharf.admin_must(&["disable-key", &user.access_key_id]);
            }
            principals.push(Principal { name, standing, rules, basic: user.auth(), bearer });
        }
        let bearer = token(&wharf.anonymous()).await;
        let standing = Standing::Anonymous;
        principals.push(Principal { name: "anonymous", standing, rules: vec![], basic: Auth::None, bearer });
        let world = Self { wharf, principals, places };
        world.await_policies().await;
        world
    }

    /// The last thing that was changed is the disabled key; a snapshot that knows that knows everything.
    async fn await_policies(&self) {
        let disabled = self.principals.iter().find(|principal| principal.standing == Standing::Disabled);
        let client = self.wharf.client().as_(disabled.expect("somebody is disabled").bearer.clone());
        tests::harness::admin::within_5_s("the disabled key", async || client.get("/v2/").send().await.status() == 401)
            .await;
    }

    /// What the model expects of a request.
    pub fn expected(&self, principal: &Principal, operation: &Operation, place: &Place) -> Expected {
        let fine = |status| Expected { status, code: "", message: None };
        let unauthorized = Expected { status: 401, code: "UNAUTHORIZED", message: None };
        let kind = operation.kind;
        let anonymous = principal.standing == Standing::Anonymous;
        if principal.standing == Standing::Disabled {
            return unauthorized;
        }
        if matches!(kind, Kind::Base | Kind::Catalog) {
            return if anonymous { unauthorized } else { fine(operation.success) };
        }
        let create: &[&str] = &["ecr:CreateRepository"];
        let create = if kind.creates() && place.content.is_none() { create } else { &[] };
        for action in operation.actions.iter().chain(create) {
            let verdict = judge(principal, place, action);
            if verdict != Verdict::Allowed {
                if anonymous {
                    return unauthorized;
                }
                let message = model::refusal(verdict, &principal.arn(), action, &place.name);
                return Expected { status: 403, code: "DENIED", message: Some(message) };
            }
        }
        // The specification lets the list of referrers be empty, and never unknown.
        if place.content.is_none() && !kind.creates() && kind != Kind::Referrers {
            return Expected { status: 404, code: "NAME_UNKNOWN", message: None };
        }
        if kind.continues() && principal.standing != Standing::Root {
            // The session is root's.
            return Expected { status: 404, code: "BLOB_UPLOAD_UNKNOWN", message: None };
        }
        let source = &self.places[0];
        match kind == Kind::Mount && judge(principal, source, "ecr:GetDownloadUrlForLayer") == Verdict::Allowed {
            true => fine(201),
            false => fine(operation.success),
        }
    }

    /// The request of an operation at a place. One that will be `fresh` finds something of its own to use up.
    pub async fn request(&self, client: &Client, operation: &Operation, place: &Place, fresh: bool) -> Call {
        let root = self.wharf.client().repository(&place.name);
        let repository = root.through(client);
        let mounted = &self.places[0].content.as_ref().expect("the first repository exists").image.blobs[1].0;
        let (image, session) = match &place.content {
            Some(content) => (content.image.clone(), content.session.clone()),
            None => (Image::small(), root.path("blobs/uploads/0190aaaa-0000-7000-8000-000000000000")),
        };
        let nonce = Uuid::new_v4().simple().to_string();
        let call = |path: String| client.call(operation.method.clone(), &path);
        match operation.kind {
            Kind::Base => call("/v2/".to_owned()),
            Kind::Catalog => call("/v2/_catalog".to_owned()),
            Kind::Tag => call(root.manifest_path("tag")),
            Kind::Digest => call(root.manifest_path(&image.digest)),
            Kind::PutTag => repository.put_manifest_call(&nonce, OCI_INDEX, &empty_index()),
            Kind::PutDigest => {
                let manifest = empty_index();
                repository.put_manifest_call(&digest(&manifest), OCI_INDEX, &manifest)
            }
            Kind::DeleteTag | Kind::DeleteDigest => {
                let manifest = empty_index();
                let tag = operation.kind == Kind::DeleteTag;
                let reference = if tag { nonce } else { digest(&manifest) };
                match fresh {
                    true => {
                        root.put_manifest(&reference, OCI_INDEX, &manifest).await.expect(201);
                        call(root.manifest_path(&reference))
                    }
                    false => call(root.manifest_path(if tag { "tag" } else { &image.digest })),
                }
            }
            Kind::Blob => call(root.blob_path(&image.blobs[1].0)),
            Kind::DeleteBlob if fresh => call(root.blob_path(&root.push_blob(&random(20)).await)),
            Kind::DeleteBlob => call(root.blob_path(&image.blobs[1].0)),
            Kind::Begin => call(root.path("blobs/uploads/")),
            Kind::PushWhole => {
                let bytes = random(20);
                call(root.path(&format!("blobs/uploads/?digest={}", digest(&bytes)))).body(bytes)
            }
            Kind::Mount => {
                let query = format!("blobs/uploads/?mount={}&from={}", encode(mounted), encode(OWN));
                call(root.path(&query))
            }
            Kind::Session | Kind::Append | Kind::Close | Kind::Cancel => {
                let session = if fresh { root.begin().await.location } else { session };
                match operation.kind {
                    Kind::Append => call(session).body(random(20)),
                    Kind::Close => {
                        let bytes = random(20);
                        call(format!("{session}?digest={}", digest(&bytes))).body(bytes)
                    }
                    _ => call(session),
                }
            }
            Kind::TagList => call(root.path("tags/list")),
            Kind::Referrers => call(root.path(&format!("referrers/{}", image.digest))),
        }
    }
}

impl Principal {
    /// As refusals call it.
    pub fn arn(&self) -> String {
        match self.standing {
            Standing::Root => format!("arn:aws:iam::{}:root", model::ACCOUNT),
            _ => model::user_arn(self.name),
        }
    }
}

fn judge(principal: &Principal, place: &Place, action: &str) -> Verdict {
    model::judge(principal.standing, &principal.rules, &place.rules, action, &place.name)
}

fn place(name: &str, rules: Vec<Rule>) -> Place {
    Place { name: name.to_owned(), rules, content: None }
}

fn root_auth() -> Auth {
    use tests::harness::server::{ROOT_ACCESS_KEY_ID, ROOT_SECRET_ACCESS_KEY};
    Auth::basic(ROOT_ACCESS_KEY_ID, ROOT_SECRET_ACCESS_KEY)
}

/// A token for whoever the client is.
pub async fn token(client: &Client) -> Auth {
    let answer = client.get("/token?service=wharf&scope=repository:team/app:pull,push").send().await.expect(200);
    Auth::Bearer(answer.json()["token"].as_str().expect("a token").to_owned())
}

/// A manifest that needs nothing else to be there, and is unlike every other one.
pub fn empty_index() -> Vec<u8> {
    let mut index = content::index(vec![]);
    index["annotations"] = json!({"tests.nonce": Uuid::new_v4().to_string()});
    content::to_bytes(&index)
}
