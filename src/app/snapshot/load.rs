//! Reading a snapshot from the database.

use std::collections::HashMap;
use std::sync::Arc;

use policy::{Kind, Policy, Principal, PrincipalKind};
use store::{Conn, Db, Pending};
use types::{AccountId, Arn, RegistryId, RepoName};

use super::documents::{Documents, Parsing};
use super::managed_policies::ManagedPolicies;
use super::{AccessKey, Snapshot};
use crate::authn::token::SigningKey;
use crate::directory::Directory;
use crate::registry::Registries;
use crate::web_identity::Provider;
use crate::{Identity, Result, Role, Sealer};

impl Snapshot {
    /// Reads everything as it was at one moment. Half of a change could give rights that nobody ever had. What the snapshot
    /// before has parsed is taken over.
    pub(crate) async fn load(db: &Db, sealer: &Arc<Sealer>, before: Option<Arc<Self>>) -> Result<Self> {
        let sealer = Arc::clone(sealer);
        db.read(move |conn| {
            Box::pin(async move {
                let none = Documents::default();
                let documents = before.as_ref().map_or(&none, |before| &before.documents);
                Self::read(conn, &sealer, Parsing::after(documents)).await
            }) as Pending<'_, Self, crate::Error>
        })
        .await
    }

    async fn read(conn: &mut Conn, sealer: &Sealer, mut documents: Parsing<'_>) -> Result<Self> {
        let version = store::stamps::find(conn, store::stamps::AUTHORIZATION).await?.unwrap_or_default();
        let accounts = store::accounts::list(conn).await?.into_iter().map(|row| row.account).collect();
        let mut groups: HashMap<String, Vec<String>> = HashMap::new();
        for (user, group) in store::group_members::list(conn).await? {
            groups.entry(user).or_default().push(group);
        }
        let managed_policies = ManagedPolicies::load(conn, &mut documents).await?;
        let mut applied: HashMap<String, Vec<Policy>> = HashMap::new();
        for row in store::inline_policies::list(conn).await? {
            let policy = documents.stored(&row.document, Kind::Identity, &row.name);
            applied.entry(row.principal_id).or_default().push(policy);
        }
        for row in store::policy_attachments::list(conn).await? {
            applied.entry(row.principal_id).or_default().push(managed_policies.find(&row.policy_arn));
        }
        let mut tags: HashMap<String, Vec<(String, String)>> = HashMap::new();
        for row in store::iam_tags::list(conn).await? {
            tags.entry(row.resource_id).or_default().push((row.key, row.value));
        }
        let user_rows = store::users::list(conn).await?;
        let role_rows = store::roles::list(conn).await?;
        let directory = Directory::load(conn, &user_rows, &role_rows, tags.clone()).await?;
        let mut users = HashMap::new();
        for user in user_rows {
            let policies = std::iter::once(&user.user_id)
                .chain(groups.get(&user.user_id).into_iter().flatten())
                .filter_map(|id| applied.get(id))
                .flatten()
                .cloned()
                .collect();
            let boundary = user.boundary_arn.as_deref().map(|arn| managed_policies.find(arn));
            let principal = Principal {
                account: user.account.as_str().to_owned(),
                arn: Arn::user(&user.account, &user.path, &user.name).as_str().to_owned(),
                user_id: user.user_id.clone(),
                kind: PrincipalKind::User { name: user.name },
            };
            let tags = tags.remove(&user.user_id).unwrap_or_default();
            let user_id = user.user_id;
            users.insert(user_id, Arc::new(Identity { policies, boundary, tags, ..Identity::plain(principal) }));
        }
        let mut roots: HashMap<AccountId, Arc<Identity>> = HashMap::new();
        let mut access_keys = HashMap::new();
        for row in store::access_keys::list(conn).await? {
            let identity = match &row.user_id {
                Some(user) => users.get(user).cloned(),
                None => Some(Arc::clone(roots.entry(row.account.clone()).or_insert_with(|| root(&row.account)))),
            };
            let secret = sealer.open_text(&row.access_key_id, &row.sealed_secret);
            match (identity, secret) {
                (Some(identity), Some(secret)) => {
                    access_keys.insert(row.access_key_id, AccessKey { secret, identity, active: row.active });
                }
                _ => tracing::error!(
                    access_key_id = row.access_key_id,
                    "an access key cannot be opened with this master key and is ignored"
                ),
            }
        }
        let (mut roles, mut role_arns) = (HashMap::new(), HashMap::new());
        for row in role_rows {
            let arn = Arn::role(&row.account, &row.path, &row.name).to_string();
            role_arns.insert(row.role_id.clone(), arn.clone());
            let role = Role {
                trust: documents.stored(&row.trust_policy, Kind::Trust, &format!("trust policy of {}", row.name)),
                policies: applied.remove(&row.role_id).unwrap_or_default(),
                boundary: row.boundary_arn.as_deref().map(|arn| managed_policies.find(arn)),
                tags: tags.remove(&row.role_id).unwrap_or_default(),
                role_id: row.role_id,
                account: row.account,
                arn: arn.clone(),
                name: row.name,
                max_session_duration: row.max_session_duration,
            };
            roles.insert(arn, Arc::new(role));
        }
        let identity_providers = store::open_id_connect_providers::list_all(conn).await?;
        let identity_providers = identity_providers
            .into_iter()
            .map(|row| (row.arn.clone(), Provider { arn: row.arn, url: row.url, client_ids: row.client_ids }))
            .collect();
        let mut repository_policies: HashMap<RegistryId, HashMap<RepoName, Policy>> = HashMap::new();
        for row in store::repository_policies::list(conn).await? {
            let label = format!("repository policy of {}", row.name);
            let policy = documents.stored(&row.document, Kind::Resource, &label);
            repository_policies.entry(row.registry).or_default().insert(row.name, policy);
        }
        let signing_keys = store::signing_keys::list(conn)
            .await?
            .iter()
            .filter_map(|row| SigningKey::open(row, sealer).map(Arc::new))
            .collect();
        let anonymous = Arc::new(Identity::plain(Principal::anonymous()));
        Ok(Self {
            version,
            accounts,
            anonymous,
            access_keys,
            directory,
            managed_policies,
            roles,
            role_arns,
            identity_providers,
            repository_policies,
            registries: Registries::load(conn).await?,
            signing_keys,
            documents: documents.finish(),
        })
    }
}

fn root(account: &AccountId) -> Arc<Identity> {
    Arc::new(Identity::plain(Principal::root(account.as_str())))
}
