//! The managed policies that come with the program, as AWS has them in every account: `arn:aws:iam::aws:policy/<name>`.
//! They can be attached, not edited. Each allows what AWS documents for the policy of that name, less the actions of
//! services that Wharf does not have.

use types::{Arn, Timestamp};

/// A managed policy that every account has.
#[derive(Debug)]
pub struct BuiltInPolicy {
    /// The name, which is also the end of the ARN: all of them have the path `/`.
    pub name: &'static str,
    /// In the form of the ids of other policies.
    pub policy_id: &'static str,
    /// What it is for.
    pub description: &'static str,
    /// The document of its only version.
    pub document: &'static str,
}

/// All of them, in the order of their names.
pub const ALL: &[BuiltInPolicy] = &[
    BuiltInPolicy {
        name: "AdministratorAccess",
        policy_id: "ANPAWHARFADMINISTRATO",
        description: "Everything, on everything.",
        document: include_str!("AdministratorAccess.json"),
    },
    BuiltInPolicy {
        name: "AmazonEC2ContainerRegistryFullAccess",
        policy_id: "ANPAWHARFREGISTRYFULL",
        description: "Administration of the registry.",
        document: include_str!("AmazonEC2ContainerRegistryFullAccess.json"),
    },
    BuiltInPolicy {
        name: "AmazonEC2ContainerRegistryPowerUser",
        policy_id: "ANPAWHARFREGISTRYPOWE",
        description: "Push and pull; no repositories are created or deleted, and no policies changed.",
        document: include_str!("AmazonEC2ContainerRegistryPowerUser.json"),
    },
    BuiltInPolicy {
        name: "AmazonEC2ContainerRegistryPullOnly",
        policy_id: "ANPAWHARFREGISTRYPULL",
        description: "Pull of images, also through a cache.",
        document: include_str!("AmazonEC2ContainerRegistryPullOnly.json"),
    },
    BuiltInPolicy {
        name: "AmazonEC2ContainerRegistryReadOnly",
        policy_id: "ANPAWHARFREGISTRYREAD",
        description: "Pull of images, and a look at everything in the registry.",
        document: include_str!("AmazonEC2ContainerRegistryReadOnly.json"),
    },
    BuiltInPolicy {
        name: "IAMFullAccess",
        policy_id: "ANPAWHARFIAMFULLACCES",
        description: "Administration of users, groups, roles and policies.",
        document: include_str!("IAMFullAccess.json"),
    },
    BuiltInPolicy {
        name: "IAMReadOnlyAccess",
        policy_id: "ANPAWHARFIAMREADONLYA",
        description: "A look at users, groups, roles and policies.",
        document: include_str!("IAMReadOnlyAccess.json"),
    },
];

/// The one of that ARN.
pub fn find(arn: &str) -> Option<&'static BuiltInPolicy> {
    let name = arn.strip_prefix("arn:aws:iam::aws:policy/")?;
    ALL.iter().find(|policy| policy.name == name)
}

impl BuiltInPolicy {
    /// Its ARN.
    pub fn arn(&self) -> Arn {
        Arn::built_in_policy(self.name)
    }

    /// When its version was written: 2026-11-01T00:00:00Z for all of them. A change of a document changes this.
    pub fn created_at(&self) -> Timestamp {
        Timestamp::from_micros(1_793_491_200_000_000)
    }
}

#[cfg(test)]
mod tests {
    use policy::{Document, Kind};

    use super::*;

    #[test]
    fn every_document_is_a_policy() {
        for policy in ALL {
            assert!(Document::parse(policy.document, Kind::Identity, 6144).is_ok(), "{}", policy.name);
        }
    }

    #[test]
    fn names_are_sorted_and_ids_are_unique() {
        assert!(ALL.windows(2).all(|pair| pair[0].name < pair[1].name));
        let legal =
            |id: &str| id.len() == 21 && id.bytes().all(|byte| b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".contains(&byte));
        assert!(ALL.iter().all(|policy| legal(policy.policy_id)));
        let mut ids: Vec<_> = ALL.iter().map(|policy| policy.policy_id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), ALL.len());
    }

    #[test]
    fn they_are_found_by_their_arn_alone() {
        assert_eq!(find("arn:aws:iam::aws:policy/IAMFullAccess").map(|policy| policy.name), Some("IAMFullAccess"));
        assert!(ALL.iter().all(|policy| find(policy.arn().as_str()).is_some_and(|found| found.name == policy.name)));
        for arn in ["arn:aws:iam::aws:policy/iamfullaccess", "arn:aws:iam::000000000000:policy/IAMFullAccess", ""] {
            assert!(find(arn).is_none(), "{arn}");
        }
    }
}
