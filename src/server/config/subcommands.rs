//! What those subcommands can do that have subcommands of their own.

use std::path::PathBuf;
use std::time::Duration;

use clap::Subcommand;

use super::duration;

/// What `wharf webhook` can do.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub(crate) enum WebhookCommand {
    /// Add a webhook; its id and the secret that signs deliveries are printed once
    Add {
        /// Where events are posted to
        url: String,
        /// What is told: PUSH, DELETE, PULL, LIFECYCLE, SCAN or REPLICATE; may be repeated; without it, PUSH and DELETE
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
    /// An image was replicated, or cannot be
    Replicate,
}

/// What `wharf gc-delay` can do.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub(crate) enum GcDelayCommand {
    /// Free what nothing in the registry has referred to for this long
    Set {
        /// Such as 1h or 7d; 0 frees as soon as it can
        #[arg(value_parser = duration::parse)]
        delay: Duration,
    },
    /// Obey WHARF_GC_DELAY again
    Remove,
    /// Say which delay holds
    Show,
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

/// What `wharf replication-target` can do.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub(crate) enum ReplicationTargetCommand {
    /// Say where a destination is; replication configurations name it by this account and region
    Set {
        /// The account, 12 digits
        destination_account: String,
        /// The region
        destination_region: String,
        /// Where its registry is, such as https://registry.example.com
        url: String,
        /// Goes before the names of repositories there
        #[arg(long, default_value = "")]
        repository_prefix: String,
        /// The ARN of the secret that opens it; one of Secrets Manager with username and accessToken
        #[arg(long)]
        credential_arn: Option<String>,
        /// Whose registries replicate there; without it, the account of root
        #[arg(long)]
        source_account: Option<String>,
    },
    /// List the destinations that are known
    List,
    /// Forget where a destination is; what is on its way there fails
    Remove {
        /// The account
        destination_account: String,
        /// The region
        destination_region: String,
        /// Whose registries replicate there; without it, the account of root
        #[arg(long)]
        source_account: Option<String>,
    },
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
    /// Make a new key sign tokens; tokens that are out stay good until they expire
    RotateSigningKey,
}
