//! The command line: the subcommands and one flag for each setting, accepted before or after the subcommand. It only
//! collects what was typed; the values are checked together with the other sources in `load`.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    time::{Duration, SystemTime},
};

use clap::{Arg, ArgMatches, Args, Command as ClapCommand, FromArgMatches, Parser, Subcommand};

use types::Timestamp;

use super::agent::AgentArguments;
use super::duration;
use super::settings::{CONFIG_VARIABLE, SETTINGS};

/// What `wharf` was called with.
#[derive(Debug, Parser)]
#[command(name = "wharf", version, about = "A self-hosted OCI container registry", max_term_width = 100)]
pub(crate) struct Cli {
    /// What to do; without it, serve.
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    /// The settings given as flags.
    #[command(flatten)]
    pub(crate) flags: Flags,
}

/// The subcommands.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub(crate) enum Command {
    /// Run the registry (the default)
    Serve,
    /// Run the tasks of a cluster on this host, with its Docker or Podman
    Agent(AgentArguments),
    /// Verify the settings, the database, its migrations and the storage, and say what is wrong
    Check,
    /// Compare the database with the storage: orphans, holes and size mismatches
    Fsck {
        /// Read every blob and verify its digest
        #[arg(long)]
        verify: bool,
        /// Move orphans to quarantine
        #[arg(long)]
        repair: bool,
    },
    /// Collect garbage now, beside running servers, until nothing is left that may go
    Gc {
        /// Free what nothing has referred to for this long, instead of the time that is set; with 0, pushes under way may
        /// have to send layers again
        #[arg(long, value_parser = delay)]
        delay: Option<Duration>,
    },
    /// Keep garbage in the default registry for another time than WHARF_GC_DELAY says; for another registry, add its
    /// --account-id and --region
    #[command(subcommand)]
    GcDelay(GcDelayCommand),
    /// List the background jobs: what each is about, when it is due, and why it failed if it did
    Jobs,
    /// Apply the lifecycle policy of a repository now
    Lifecycle {
        /// The repository
        repository: String,
        /// Only say which images would go, by which rule, and how many bytes that would free
        #[arg(long)]
        preview: bool,
        /// File with a policy to preview instead of the one that is set; - reads standard input
        #[arg(long, requires = "preview")]
        policy: Option<PathBuf>,
    },
    /// Show what the repositories hold, as it was measured last (every night): each image by itself, each blob once, and what
    /// only one repository has
    Usage {
        /// Measure first
        #[arg(long)]
        now: bool,
    },
    /// Import and list what is known of vulnerabilities, for scans of images
    #[command(subcommand)]
    Advisories(AdvisoriesCommand),
    /// Print what an image holds, as its scan noted it: its bill of materials
    Sbom {
        /// The repository
        repository: String,
        /// A digest or a tag
        reference: String,
        /// cyclonedx (1.5) or spdx (2.3), both in JSON
        #[arg(long, default_value = "cyclonedx")]
        format: String,
    },
    /// Put bills of materials beside the images that are scanned from now on, as referrers
    #[command(subcommand)]
    SbomReferrers(SbomReferrersCommand),
    /// Refuse pulls of images with known vulnerabilities, repository by repository
    #[command(subcommand)]
    PullGate(PullGateCommand),
    /// Undo the deletion of an image, or the last move or deletion of a tag; without a reference, list what can be restored
    Restore {
        /// The repository
        repository: String,
        /// A digest or a tag
        reference: Option<String>,
    },
    /// Speak Docker's credential-helper protocol, for clients; also when called docker-credential-wharf
    CredentialHelper {
        /// get, store, erase or list
        action: String,
    },
    /// Print the audit log as lines of JSON, oldest first
    Audit {
        /// Only what happened since: a time such as 2026-11-23T17:00:00Z, or a duration such as 24h
        #[arg(long, value_parser = since)]
        since: Option<Timestamp>,
        /// Go on with what happens
        #[arg(long)]
        follow: bool,
    },
    /// Manage webhooks, which are told of what happens to images
    #[command(subcommand)]
    Webhook(WebhookCommand),
    /// Manage accounts beside a running registry
    #[command(subcommand)]
    Account(AccountCommand),
    /// Manage users, keys, repositories and policies beside a running registry
    #[command(subcommand)]
    Admin(AdminCommand),
}

/// A time, or a duration until now.
fn since(text: &str) -> Result<Timestamp, String> {
    match duration::parse(text) {
        Ok(duration) => Ok(Timestamp::from(SystemTime::now()).before(duration)),
        Err(_) => text
            .parse::<Timestamp>()
            .map_err(|_| format!("'{text}' is neither a time such as 2026-11-23T17:00:00Z nor a duration such as 24h")),
    }
}

/// What `wharf webhook` can do.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub(crate) enum WebhookCommand {
    /// Add a webhook; its id and the secret that signs deliveries are printed once
    Add {
        /// Where events are posted to
        url: String,
        /// What is told: PUSH, DELETE, PULL, LIFECYCLE or SCAN; may be repeated; without it, PUSH and DELETE
        #[arg(long = "action", ignore_case = true)]
        actions: Vec<WebhookAction>,
        /// Only repositories whose names begin with this
        #[arg(long, default_value = "")]
        repository_prefix: String,
    },
    /// List the webhooks
    List,
    /// Remove a webhook; what is on its way to it is not sent any more
    Remove {
        /// Its id
        webhook_id: String,
    },
    /// List the last deliveries to a webhook, the latest first
    Deliveries {
        /// Its id
        webhook_id: String,
    },
    /// Send an event again
    Resend {
        /// The id of its delivery
        delivery_id: String,
    },
}

/// What webhooks can be told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum WebhookAction {
    /// An image was pushed, or a tag was set
    Push,
    /// An image was deleted, or a tag ended
    Delete,
    /// An image was pulled
    Pull,
    /// A lifecycle policy deleted or archived images
    Lifecycle,
    /// A scan of an image ended, or its findings are others than before
    Scan,
}

/// What `wharf gc-delay` can do.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub(crate) enum GcDelayCommand {
    /// Free what nothing in the registry has referred to for this long
    Set {
        /// Such as 1h or 7d; 0 frees as soon as it can
        #[arg(value_parser = delay)]
        delay: Duration,
    },
    /// Obey WHARF_GC_DELAY again
    Remove,
    /// Say which delay holds
    Show,
}

fn delay(text: &str) -> Result<Duration, String> {
    if text == "0" { Ok(Duration::ZERO) } else { duration::parse(text) }
}

/// What `wharf sbom-referrers` can do.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub(crate) enum SbomReferrersCommand {
    /// Ask for them, in place of what was asked for before
    Set {
        /// The form of the documents; may be repeated
        #[arg(long = "format", required = true)]
        formats: Vec<SbomFormat>,
        /// Only repositories of this name, with * for what varies; may be repeated
        #[arg(long = "repository", default_value = "*")]
        repositories: Vec<String>,
    },
    /// Put none beside images any more; those that are there stay
    Remove,
    /// Say what is asked for
    Show,
}

/// The forms of bills of materials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum SbomFormat {
    /// CycloneDX 1.5
    Cyclonedx,
    /// SPDX 2.3
    Spdx,
}

/// What `wharf advisories` can do.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub(crate) enum AdvisoriesCommand {
    /// Import advisories in the OSV format, replacing those of the same names; scanned images are matched again at once
    Import {
        /// Files (json or zip), directories of such, or URLs, such as
        /// https://osv-vulnerabilities.storage.googleapis.com/Debian/all.zip
        #[arg(required = true)]
        sources: Vec<String>,
    },
    /// List of which ecosystems there are advisories, and since when
    List,
}

/// What `wharf pull-gate` can do.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub(crate) enum PullGateCommand {
    /// Refuse images of a repository whose scan found something of this severity or above
    Set {
        /// The repository
        repository: String,
        /// The least severity that is refused
        #[arg(long)]
        severity: String,
        /// A vulnerability that is let through, such as CVE-2024-1, or CVE-2024-1=2027-01-31 until then; may be repeated
        #[arg(long)]
        allow: Vec<String>,
        /// Refuse images without a complete scan as well
        #[arg(long)]
        require_scan: bool,
    },
    /// Give out every image again
    Remove {
        /// The repository
        repository: String,
    },
    /// Say what is refused
    Show {
        /// The repository
        repository: String,
    },
}

/// What `wharf account` can do.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub(crate) enum AccountCommand {
    /// Create an account with a root access key, which is printed once
    Create {
        /// Its id, 12 digits
        account_id: String,
        /// A name for it
        #[arg(long)]
        alias: Option<String>,
    },
    /// List the accounts with their aliases
    List,
}

/// What `wharf admin` can do.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub(crate) enum AdminCommand {
    /// Create a user with an access key and an identity policy
    CreateUser {
        /// Its name
        name: String,
        /// File with the policy document; - reads standard input
        #[arg(long)]
        policy: PathBuf,
    },
    /// Replace the policy that a user was created with
    SetUserPolicy {
        /// Its name
        name: String,
        /// File with the policy document; - reads standard input
        #[arg(long)]
        policy: PathBuf,
    },
    /// Print a password for `docker login -u AWS`, good for the life of a login token
    LoginPassword {
        /// The access key that it stands for
        access_key_id: String,
    },
    /// Turn an access key off; every process obeys within 5 seconds
    DisableKey {
        /// The access key
        access_key_id: String,
    },
    /// Turn an access key on again
    EnableKey {
        /// The access key
        access_key_id: String,
    },
    /// Create a repository
    CreateRepository {
        /// Its name
        name: String,
        /// MUTABLE, IMMUTABLE, MUTABLE_WITH_EXCLUSION or IMMUTABLE_WITH_EXCLUSION
        #[arg(long, default_value = "MUTABLE")]
        tag_mutability: String,
        /// Wildcard filter of an exclusion mode; may be repeated
        #[arg(long = "tag-filter")]
        tag_filters: Vec<String>,
    },
    /// Change whether the tags of a repository may move
    SetTagMutability {
        /// Its name
        name: String,
        /// MUTABLE, IMMUTABLE, MUTABLE_WITH_EXCLUSION or IMMUTABLE_WITH_EXCLUSION
        tag_mutability: String,
        /// Wildcard filter of an exclusion mode; may be repeated
        #[arg(long = "tag-filter")]
        tag_filters: Vec<String>,
    },
    /// Set the policy of a repository, for example to let everybody pull
    SetRepositoryPolicy {
        /// Its name
        name: String,
        /// File with the policy document; - reads standard input
        #[arg(long)]
        policy: PathBuf,
    },
    /// Remove the policy of a repository
    DeleteRepositoryPolicy {
        /// Its name
        name: String,
    },
    /// Store what opens another registry, for the cache rules that name this secret
    SetUpstreamCredential {
        /// The ARN of the secret, as cache rules name it
        arn: String,
        /// The only host that is shown it, as cache rules name it
        #[arg(long)]
        host: String,
        /// The name to log in with
        #[arg(long)]
        username: String,
        /// File with the password or access token; - reads standard input
        #[arg(long)]
        password_file: PathBuf,
    },
    /// Forget what opens another registry
    DeleteUpstreamCredential {
        /// The ARN of the secret, as cache rules name it
        arn: String,
    },
    /// Make a new key sign tokens; tokens that are out stay good until they expire
    RotateSigningKey,
}

/// The settings that were given as flags, by key, not yet checked.
#[derive(Clone, Default)]
pub(crate) struct Flags {
    /// The settings file.
    pub(crate) config: Option<PathBuf>,
    /// The values, by the key of their setting.
    pub(crate) values: BTreeMap<&'static str, String>,
}

impl std::fmt::Debug for Flags {
    /// Names only: a value may be a secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.values.keys()).finish()
    }
}

impl Args for Flags {
    fn augment_args(command: ClapCommand) -> ClapCommand {
        let config = Arg::new("config")
            .long("config")
            .value_name("FILE")
            .help(format!("TOML file with settings, named as the flags with _ for - [env: {CONFIG_VARIABLE}]"))
            .value_parser(clap::value_parser!(PathBuf))
            .global(true);
        SETTINGS.iter().fold(command.arg(config), |command, setting| {
            let mut help = setting.help.to_owned();
            if !setting.default.is_empty() {
                help.push_str(&format!(" [default: {}]", setting.default));
            }
            help.push_str(&format!(" [env: {}]", setting.variable()));
            // clap wants static names; the command line is read once, so nothing piles up.
            let flag: &'static str = setting.flag().leak();
            let mut arg = Arg::new(setting.key).long(flag).value_name("VALUE").help(help).global(true);
            if setting.switch {
                arg = arg.value_name("BOOL").num_args(0..=1).require_equals(true).default_missing_value("true");
            }
            command.arg(arg)
        })
    }

    fn augment_args_for_update(command: ClapCommand) -> ClapCommand {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Flags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let values = SETTINGS
            .iter()
            .filter_map(|setting| Some((setting.key, matches.get_one::<String>(setting.key)?.clone())))
            .collect();
        Ok(Self { config: matches.get_one::<PathBuf>("config").cloned(), values })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn flags_are_accepted_on_either_side_of_the_subcommand() {
        for line in [
            &["wharf", "--listen", "127.0.0.1:1", "serve"][..],
            &["wharf", "serve", "--listen", "127.0.0.1:1"],
            &["wharf", "--listen=127.0.0.1:1"],
        ] {
            let cli = Cli::try_parse_from(line).unwrap();
            assert_eq!(cli.flags.values["listen"], "127.0.0.1:1");
        }
    }

    #[test]
    fn a_switch_needs_no_value() {
        let cli = Cli::try_parse_from(["wharf", "--sparse-indexes", "--create-on-push=false", "serve"]).unwrap();
        assert_eq!(cli.flags.values["sparse_indexes"], "true");
        assert_eq!(cli.flags.values["create_on_push"], "false");
        assert_eq!(cli.command, Some(Command::Serve));
    }

    #[test]
    fn fsck_has_its_own_flags() {
        let cli = Cli::try_parse_from(["wharf", "fsck", "--verify"]).unwrap();
        assert_eq!(cli.command, Some(Command::Fsck { verify: true, repair: false }));
    }

    #[test]
    fn help_lists_every_setting_with_its_default_and_variable() {
        let mut command = Cli::command();
        command.build();
        let serve = command.find_subcommand_mut("serve").unwrap();
        let help = serve.render_long_help().to_string().split_whitespace().collect::<Vec<_>>().join(" ");
        for setting in SETTINGS {
            assert!(help.contains(&format!("--{}", setting.flag())), "{}", setting.key);
            assert!(help.contains(&format!("[env: {}]", setting.variable())), "{}", setting.key);
            if !setting.default.is_empty() {
                assert!(help.contains(&format!("[default: {}]", setting.default)), "{}", setting.key);
            }
        }
    }

    #[test]
    fn debug_output_of_the_flags_has_no_values() {
        let cli = Cli::try_parse_from(["wharf", "--root-secret-access-key", "hunter2"]).unwrap();
        let debug = format!("{cli:?}");
        assert!(debug.contains("root_secret_access_key") && !debug.contains("hunter2"), "{debug}");
    }
}
