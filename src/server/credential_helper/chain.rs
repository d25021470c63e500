//! Where AWS credentials and the region come from, in the order of the AWS CLI: keys of the environment, a role that the
//! profile assumes, a web identity, keys of the profile in the file of credentials, the process of the profile, its keys in
//! the file of settings. Here this is only found out: files of profiles are read, nothing is run and nothing asked over the
//! network. Not known are single sign-on and the metadata services of containers and machines.

use std::path::PathBuf;

use aws::Credentials;
use types::Secret;

use super::Failure;
use super::environment::Environment;
use super::profile::{Profile, Profiles};

/// The name of a session where nobody has chosen one.
const SESSION_NAME: &str = "docker-credential-wharf";

/// How to come by credentials.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// What is there to begin with.
    pub(super) start: Start,
    /// The roles to assume from there, one from the other.
    pub(super) roles: Vec<Role>,
}

/// What credentials begin with.
#[derive(Debug, Clone)]
pub(super) enum Start {
    /// They are there.
    Keys(Credentials),
    /// A token of an identity provider is exchanged for them.
    WebIdentity(WebIdentity),
    /// A command prints them.
    Process(String),
}

/// Which token is exchanged for credentials of which role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct WebIdentity {
    pub(super) role_arn: String,
    pub(super) token_file: PathBuf,
    pub(super) session_name: String,
}

/// A role to assume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Role {
    pub(super) arn: String,
    pub(super) session_name: String,
    pub(super) external_id: Option<String>,
    /// As it is written: the registry says whether it is a number that it likes.
    pub(super) duration_seconds: Option<String>,
}

impl Plan {
    fn of(start: Start) -> Self {
        Self { start, roles: Vec::new() }
    }

    /// The keys that are there, for what runs longer than credentials of a role live.
    pub(crate) fn keys(self) -> Option<Credentials> {
        match self {
            Self { start: Start::Keys(keys), roles } if roles.is_empty() => Some(keys),
            _ => None,
        }
    }
}

/// How to come by credentials. None if there is nothing to come by them.
pub(crate) fn plan(environment: &Environment) -> Result<Option<Plan>, Failure> {
    if let Some(keys) = environment_keys(environment)? {
        return Ok(Some(Plan::of(Start::Keys(keys))));
    }
    let profiles = Profiles::read(environment);
    let name = environment.profile();
    let named = environment.named_profile().is_some();
    let profile = match profiles.find(name) {
        Some(profile) => profile,
        None if named => return failed(format!("there is no profile '{name}'")),
        None => Profile::default(),
    };
    if assumes_role(profile) {
        return assumed(&profiles, name, profile).map(Some);
    }
    match start(Some(environment), profile)? {
        Some(start) => Ok(Some(Plan::of(start))),
        None if named => failed(without_credentials(name)),
        None => Ok(None),
    }
}

fn environment_keys(environment: &Environment) -> Result<Option<Credentials>, Failure> {
    let id = environment.get(&["AWS_ACCESS_KEY_ID"]);
    let secret = environment.get(&["AWS_SECRET_ACCESS_KEY"]);
    match (id, secret) {
        (Some(id), Some(secret)) => Ok(Some(Credentials {
            access_key_id: id.to_owned(),
            secret_access_key: Secret::new(secret),
            session_token: environment.get(&["AWS_SESSION_TOKEN"]).map(Secret::new),
        })),
        (None, None) => Ok(None),
        _ => failed("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY must be set together".to_owned()),
    }
}

/// Whether a profile is about a role that is assumed with the credentials of another profile.
fn assumes_role(profile: Profile<'_>) -> bool {
    profile.get("role_arn").is_some() && profile.get("web_identity_token_file").is_none()
}

/// The roles of a profile and of its source profiles, down to one that has credentials of its own.
fn assumed(profiles: &Profiles, name: &str, profile: Profile<'_>) -> Result<Plan, Failure> {
    let mut roles = Vec::new();
    let (mut names, mut profile) = (vec![name.to_owned()], profile);
    let start = loop {
        let name = names.last().map(String::as_str).unwrap_or_default();
        roles.push(role(name, profile)?);
        let Some(source) = profile.get("source_profile") else {
            return failed(format!(
                "profile '{name}' has a role_arn and neither a source_profile nor a web_identity_token_file"
            ));
        };
        let Some(found) = profiles.find(source) else {
            return failed(format!("profile '{name}' names the source_profile '{source}', which there is not"));
        };
        // One with keys is a source by these, whatever role it has: it may be its own source.
        if let Some(keys) = found.credentials_keys().or_else(|| found.config_keys()) {
            break Start::Keys(keys);
        }
        if !assumes_role(found) {
            match start(None, found)? {
                Some(start) => break start,
                None => return failed(without_credentials(source)),
            }
        }
        if names.iter().any(|name| name == source) {
            return failed(format!("the source_profile of profile '{name}', '{source}', leads back to it"));
        }
        names.push(source.to_owned());
        profile = found;
    };
    roles.reverse();
    Ok(Plan { start, roles })
}

fn role(name: &str, profile: Profile<'_>) -> Result<Role, Failure> {
    if profile.get("mfa_serial").is_some() {
        return failed(format!("profile '{name}' has an mfa_serial, and there is nobody to ask for a code"));
    }
    Ok(Role {
        arn: profile.get("role_arn").unwrap_or_default().to_owned(),
        session_name: profile.get("role_session_name").unwrap_or(SESSION_NAME).to_owned(),
        external_id: profile.get("external_id").map(str::to_owned),
        duration_seconds: profile.get("duration_seconds").map(str::to_owned),
    })
}

/// What a profile has itself. Of the environment only the web identity counts here, and not for source profiles.
fn start(environment: Option<&Environment>, profile: Profile<'_>) -> Result<Option<Start>, Failure> {
    let get = |variable: &str, setting: &str| {
        environment.and_then(|environment| environment.get(&[variable])).or_else(|| profile.get(setting))
    };
    if let Some(token_file) = get("AWS_WEB_IDENTITY_TOKEN_FILE", "web_identity_token_file") {
        let Some(role_arn) = get("AWS_ROLE_ARN", "role_arn") else {
            return failed(format!("'{token_file}' is a token for no role; set AWS_ROLE_ARN too"));
        };
        return Ok(Some(Start::WebIdentity(WebIdentity {
            role_arn: role_arn.to_owned(),
            token_file: PathBuf::from(token_file),
            session_name: get("AWS_ROLE_SESSION_NAME", "role_session_name").unwrap_or(SESSION_NAME).to_owned(),
        })));
    }
    let process = || profile.get("credential_process").map(|command| Start::Process(command.to_owned()));
    let keys = profile.credentials_keys().map(Start::Keys).or_else(process);
    Ok(keys.or_else(|| profile.config_keys().map(Start::Keys)))
}

fn without_credentials(name: &str) -> String {
    format!(
        "profile '{name}' has no credentials that this helper knows: keys, role_arn with source_profile or \
         web_identity_token_file, or credential_process; set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN"
    )
}

fn failed<T>(text: String) -> Result<T, Failure> {
    Err(Failure::Other(text))
}

/// The region to sign for: the one that the host names, then that of the environment or profile.
pub(crate) fn region(environment: &Environment, host: &str) -> String {
    let labels: Vec<&str> = host.split('.').collect();
    if let [_, "dkr", "ecr", region, _, ..] = labels[..] {
        return region.to_owned();
    }
    let of_profile = || Some(Profiles::read(environment).find(environment.profile())?.get("region")?.to_owned());
    let set = environment.get(&["AWS_REGION"]).or(environment.get(&["AWS_DEFAULT_REGION"])).map(str::to_owned);
    set.or_else(of_profile).unwrap_or_else(|| "us-east-1".to_owned())
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;

    /// Files of profiles, and variables that lead to them.
    struct Home(tempfile::TempDir);

    impl Home {
        fn new(credentials: &str, config: &str) -> Self {
            let home = tempfile::tempdir().unwrap();
            let folder = home.path().join(".aws");
            std::fs::create_dir(&folder).unwrap();
            std::fs::write(folder.join("credentials"), credentials).unwrap();
            std::fs::write(folder.join("config"), config).unwrap();
            Self(home)
        }

        fn with(&self, variables: &[(&str, &str)]) -> Environment {
            environment(&[&[("HOME", self.0.path().to_str().unwrap())], variables].concat())
        }

        fn plan(&self, variables: &[(&str, &str)]) -> Plan {
            plan(&self.with(variables)).unwrap().unwrap()
        }

        fn error(&self, profile: &str) -> String {
            plan(&self.with(&[("AWS_PROFILE", profile)])).unwrap_err().to_string()
        }
    }

    fn environment(variables: &[(&str, &str)]) -> Environment {
        Environment::new(variables.iter().map(|(name, value)| (OsString::from(name), OsString::from(value))))
    }

    /// The key that a plan begins with.
    fn key(plan: &Plan) -> &str {
        match &plan.start {
            Start::Keys(keys) => &keys.access_key_id,
            other => panic!("{other:?}"),
        }
    }

    fn web_identity(plan: &Plan) -> (&str, &str, &str) {
        match &plan.start {
            Start::WebIdentity(of) => (&of.role_arn, of.token_file.to_str().unwrap(), &of.session_name),
            other => panic!("{other:?}"),
        }
    }

    const KEYS: &str = "aws_access_key_id = AKIA\naws_secret_access_key = s\n";
    const WEB: [(&str, &str); 2] = [("AWS_WEB_IDENTITY_TOKEN_FILE", "/run/token"), ("AWS_ROLE_ARN", "arn:ci")];

    #[test]
    fn variables_come_before_profiles() {
        let home = Home::new(
            "[default]\naws_access_key_id = AKIAD\naws_secret_access_key = d\n[ci]\naws_access_key_id=ASIAC\naws_secret_access_key=c\naws_session_token=t\n",
            "[default]\nregion = eu-west-1\n[profile ci]\nregion = eu-north-1\n[profile sso]\nsso_session = x\n",
        );
        let found = |variables: &[(&str, &str)]| {
            let keys = home.plan(variables).keys().unwrap();
            (keys.access_key_id, keys.session_token.map(|token| token.expose().to_owned()))
        };
        assert_eq!(found(&[]), ("AKIAD".to_owned(), None));
        assert_eq!(found(&[("AWS_PROFILE", "ci")]), ("ASIAC".to_owned(), Some("t".to_owned())));
        let set = [("AWS_PROFILE", "ci"), ("AWS_ACCESS_KEY_ID", "AKIAE"), ("AWS_SECRET_ACCESS_KEY", "e")];
        assert_eq!(found(&set), ("AKIAE".to_owned(), None));
        assert_eq!(found(&[&WEB[..], &set].concat()), ("AKIAE".to_owned(), None));
        let region = |variables: &[(&str, &str)], host: &str| region(&home.with(variables), host);
        assert_eq!(region(&[], "localhost"), "eu-west-1");
        assert_eq!(region(&[("AWS_PROFILE", "ci")], "localhost"), "eu-north-1");
        assert_eq!(region(&[("AWS_REGION", "us-west-2")], "localhost"), "us-west-2");
        assert_eq!(region(&[], "111122223333.dkr.ecr.ap-south-1.example.com"), "ap-south-1");
        for profile in ["sso", "nobody"] {
            assert!(home.error(profile).contains(profile), "{}", home.error(profile));
        }
    }

    #[test]
    fn without_anything_there_are_no_credentials() {
        assert!(plan(&environment(&[])).unwrap().is_none());
        assert!(plan(&environment(&[("HOME", "/nonexistent")])).unwrap().is_none());
        assert!(plan(&environment(&[("AWS_ACCESS_KEY_ID", "x")])).is_err());
        assert!(plan(&environment(&[("AWS_ROLE_ARN", "arn:ci")])).unwrap().is_none());
        assert_eq!(region(&environment(&[]), "localhost"), "us-east-1");
    }

    #[test]
    fn a_web_identity_comes_before_keys_of_files_and_after_a_role_of_the_profile() {
        let config = "[profile job]\nrole_arn = arn:job\nweb_identity_token_file = /job/token\nrole_session_name = seven\n\
             [profile role]\nrole_arn = arn:role\nsource_profile = default\n";
        let home = Home::new(&format!("[default]\n{KEYS}"), config);
        let none = plan(&environment(&WEB)).unwrap().unwrap();
        assert_eq!(web_identity(&none), ("arn:ci", "/run/token", SESSION_NAME));
        assert!(none.keys().is_none(), "what a role gives is not there for long");
        let named = [("AWS_ROLE_SESSION_NAME", "run-1")];
        assert_eq!(web_identity(&home.plan(&[&WEB[..], &named].concat())), ("arn:ci", "/run/token", "run-1"));
        let job = [("AWS_PROFILE", "job")];
        assert_eq!(web_identity(&home.plan(&job)), ("arn:job", "/job/token", "seven"));
        assert_eq!(web_identity(&home.plan(&[&WEB[..], &job].concat())), ("arn:ci", "/run/token", "seven"));
        assert_eq!(home.plan(&[&WEB[..], &[("AWS_PROFILE", "role")]].concat()).roles[0].arn, "arn:role");
        assert!(plan(&environment(&WEB[..1])).unwrap_err().to_string().contains("AWS_ROLE_ARN"));
    }

    #[test]
    fn roles_are_assumed_by_way_of_source_profiles() {
        let config = "[profile deploy]\nrole_arn = arn:deploy\nsource_profile = build\nexternal_id = ours\nduration_seconds = 900\n\
             [profile build]\nrole_arn = arn:build\nrole_session_name = builder\nsource_profile = base\n\
             [profile self]\nrole_arn = arn:self\nsource_profile = self\n\
             [profile job]\nrole_arn = arn:job\nsource_profile = token\n\
             [profile token]\nrole_arn = arn:token\nweb_identity_token_file = /token\n";
        let home = Home::new(&format!("[base]\n{KEYS}[self]\n{KEYS}"), config);
        let plan = home.plan(&[("AWS_PROFILE", "deploy")]);
        let role = |arn: &str, session_name: &str| Role {
            arn: arn.to_owned(),
            session_name: session_name.to_owned(),
            external_id: None,
            duration_seconds: None,
        };
        let last = Role {
            external_id: Some("ours".to_owned()),
            duration_seconds: Some("900".to_owned()),
            ..role("arn:deploy", SESSION_NAME)
        };
        assert_eq!((key(&plan), &plan.roles), ("AKIA", &vec![role("arn:build", "builder"), last]));
        assert!(plan.keys().is_none(), "what a role gives is not there for long");
        let plan = home.plan(&[("AWS_PROFILE", "self")]);
        assert_eq!((key(&plan), &plan.roles), ("AKIA", &vec![role("arn:self", SESSION_NAME)]));
        let plan = home.plan(&[("AWS_PROFILE", "job")]);
        assert_eq!(web_identity(&plan).0, "arn:token");
        assert_eq!(plan.roles, [role("arn:job", SESSION_NAME)]);
    }

    #[test]
    fn a_role_that_cannot_be_assumed_is_said() {
        let config = "[profile alone]\nrole_arn = arn:a\n\
             [profile lost]\nrole_arn = arn:a\nsource_profile = nobody\n\
             [profile empty]\nregion = eu-west-1\n\
             [profile hollow]\nrole_arn = arn:a\nsource_profile = empty\n\
             [profile one]\nrole_arn = arn:a\nsource_profile = two\n\
             [profile two]\nrole_arn = arn:a\nsource_profile = one\n\
             [profile self]\nrole_arn = arn:a\nsource_profile = self\n\
             [profile code]\nrole_arn = arn:a\nsource_profile = one\nmfa_serial = arn:m\n";
        let home = Home::new("", config);
        for (profile, text) in [
            ("alone", "'alone' has a role_arn and neither"),
            ("lost", "'nobody', which there is not"),
            ("hollow", "'empty' has no credentials"),
            ("one", "'two', 'one', leads back"),
            ("self", "'self', 'self', leads back"),
            ("code", "mfa_serial"),
        ] {
            let error = home.error(profile);
            assert!(error.contains(text), "{profile}: {error}");
        }
    }

    #[test]
    fn a_process_comes_between_the_two_files() {
        let config = format!("[profile both]\n{KEYS}credential_process = /bin/give \"a b\"\n");
        let process = |plan: &Plan| matches!(&plan.start, Start::Process(command) if command == "/bin/give \"a b\"");
        let both = [("AWS_PROFILE", "both")];
        assert!(process(&Home::new("", &config).plan(&both)));
        assert_eq!(key(&Home::new(&format!("[both]\n{KEYS}"), &config).plan(&both)), "AKIA");
    }
}
