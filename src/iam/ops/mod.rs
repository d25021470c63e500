//! The operations of IAM. A new one gets its `mod` line and its entry here; how to write one stands in `aws`.

mod add_client_id_to_open_id_connect_provider;
mod add_user_to_group;
mod attach_group_policy;
mod attach_role_policy;
mod attach_user_policy;
mod create_access_key;
mod create_account_alias;
mod create_group;
mod create_open_id_connect_provider;
mod create_policy;
mod create_policy_version;
mod create_role;
mod create_user;
mod delete_access_key;
mod delete_account_alias;
mod delete_group;
mod delete_group_policy;
mod delete_login_profile;
mod delete_open_id_connect_provider;
mod delete_policy;
mod delete_policy_version;
mod delete_role;
mod delete_role_permissions_boundary;
mod delete_role_policy;
mod delete_user;
mod delete_user_permissions_boundary;
mod delete_user_policy;
mod detach_group_policy;
mod detach_role_policy;
mod detach_user_policy;
mod get_access_key_last_used;
mod get_account_authorization_details;
mod get_account_summary;
mod get_context_keys_for_custom_policy;
mod get_context_keys_for_principal_policy;
mod get_group;
mod get_group_policy;
mod get_login_profile;
mod get_open_id_connect_provider;
mod get_policy;
mod get_policy_version;
mod get_role;
mod get_role_policy;
mod get_user;
mod get_user_policy;
mod list_access_keys;
mod list_account_aliases;
mod list_attached_group_policies;
mod list_attached_role_policies;
mod list_attached_user_policies;
mod list_entities_for_policy;
mod list_group_policies;
mod list_groups;
mod list_groups_for_user;
mod list_instance_profiles_for_role;
mod list_mfa_devices;
mod list_open_id_connect_provider_tags;
mod list_open_id_connect_providers;
mod list_policies;
mod list_policy_tags;
mod list_policy_versions;
mod list_role_policies;
mod list_role_tags;
mod list_roles;
mod list_service_specific_credentials;
mod list_signing_certificates;
mod list_ssh_public_keys;
mod list_user_policies;
mod list_user_tags;
mod list_users;
mod list_virtual_mfa_devices;
mod put_group_policy;
mod put_role_permissions_boundary;
mod put_role_policy;
mod put_user_permissions_boundary;
mod put_user_policy;
mod remove_client_id_from_open_id_connect_provider;
mod remove_user_from_group;
mod set_default_policy_version;
mod simulate_custom_policy;
mod simulate_principal_policy;
mod tag_open_id_connect_provider;
mod tag_policy;
mod tag_role;
mod tag_user;
mod untag_open_id_connect_provider;
mod untag_policy;
mod untag_role;
mod untag_user;
mod update_access_key;
mod update_assume_role_policy;
mod update_group;
mod update_open_id_connect_provider_thumbprint;
mod update_role;
mod update_role_description;
mod update_user;

use app::api::Call;
use aws::Entry;

use self::add_client_id_to_open_id_connect_provider::AddClientIDToOpenIDConnectProvider;
use self::add_user_to_group::AddUserToGroup;
use self::attach_group_policy::AttachGroupPolicy;
use self::attach_role_policy::AttachRolePolicy;
use self::attach_user_policy::AttachUserPolicy;
use self::create_access_key::CreateAccessKey;
use self::create_account_alias::CreateAccountAlias;
use self::create_group::CreateGroup;
use self::create_open_id_connect_provider::CreateOpenIDConnectProvider;
use self::create_policy::CreatePolicy;
use self::create_policy_version::CreatePolicyVersion;
use self::create_role::CreateRole;
use self::create_user::CreateUser;
use self::delete_access_key::DeleteAccessKey;
use self::delete_account_alias::DeleteAccountAlias;
use self::delete_group::DeleteGroup;
use self::delete_group_policy::DeleteGroupPolicy;
use self::delete_login_profile::DeleteLoginProfile;
use self::delete_open_id_connect_provider::DeleteOpenIDConnectProvider;
use self::delete_policy::DeletePolicy;
use self::delete_policy_version::DeletePolicyVersion;
use self::delete_role::DeleteRole;
use self::delete_role_permissions_boundary::DeleteRolePermissionsBoundary;
use self::delete_role_policy::DeleteRolePolicy;
use self::delete_user::DeleteUser;
use self::delete_user_permissions_boundary::DeleteUserPermissionsBoundary;
use self::delete_user_policy::DeleteUserPolicy;
use self::detach_group_policy::DetachGroupPolicy;
use self::detach_role_policy::DetachRolePolicy;
use self::detach_user_policy::DetachUserPolicy;
use self::get_access_key_last_used::GetAccessKeyLastUsed;
use self::get_account_authorization_details::GetAccountAuthorizationDetails;
use self::get_account_summary::GetAccountSummary;
use self::get_context_keys_for_custom_policy::GetContextKeysForCustomPolicy;
use self::get_context_keys_for_principal_policy::GetContextKeysForPrincipalPolicy;
use self::get_group::GetGroup;
use self::get_group_policy::GetGroupPolicy;
use self::get_login_profile::GetLoginProfile;
use self::get_open_id_connect_provider::GetOpenIDConnectProvider;
use self::get_policy::GetPolicy;
use self::get_policy_version::GetPolicyVersion;
use self::get_role::GetRole;
use self::get_role_policy::GetRolePolicy;
use self::get_user::GetUser;
use self::get_user_policy::GetUserPolicy;
use self::list_access_keys::ListAccessKeys;
use self::list_account_aliases::ListAccountAliases;
use self::list_attached_group_policies::ListAttachedGroupPolicies;
use self::list_attached_role_policies::ListAttachedRolePolicies;
use self::list_attached_user_policies::ListAttachedUserPolicies;
use self::list_entities_for_policy::ListEntitiesForPolicy;
use self::list_group_policies::ListGroupPolicies;
use self::list_groups::ListGroups;
use self::list_groups_for_user::ListGroupsForUser;
use self::list_instance_profiles_for_role::ListInstanceProfilesForRole;
use self::list_mfa_devices::ListMFADevices;
use self::list_open_id_connect_provider_tags::ListOpenIDConnectProviderTags;
use self::list_open_id_connect_providers::ListOpenIDConnectProviders;
use self::list_policies::ListPolicies;
use self::list_policy_tags::ListPolicyTags;
use self::list_policy_versions::ListPolicyVersions;
use self::list_role_policies::ListRolePolicies;
use self::list_role_tags::ListRoleTags;
use self::list_roles::ListRoles;
use self::list_service_specific_credentials::ListServiceSpecificCredentials;
use self::list_signing_certificates::ListSigningCertificates;
use self::list_ssh_public_keys::ListSSHPublicKeys;
use self::list_user_policies::ListUserPolicies;
use self::list_user_tags::ListUserTags;
use self::list_users::ListUsers;
use self::list_virtual_mfa_devices::ListVirtualMFADevices;
use self::put_group_policy::PutGroupPolicy;
use self::put_role_permissions_boundary::PutRolePermissionsBoundary;
use self::put_role_policy::PutRolePolicy;
use self::put_user_permissions_boundary::PutUserPermissionsBoundary;
use self::put_user_policy::PutUserPolicy;
use self::remove_client_id_from_open_id_connect_provider::RemoveClientIDFromOpenIDConnectProvider;
use self::remove_user_from_group::RemoveUserFromGroup;
use self::set_default_policy_version::SetDefaultPolicyVersion;
use self::simulate_custom_policy::SimulateCustomPolicy;
use self::simulate_principal_policy::SimulatePrincipalPolicy;
use self::tag_open_id_connect_provider::TagOpenIDConnectProvider;
use self::tag_policy::TagPolicy;
use self::tag_role::TagRole;
use self::tag_user::TagUser;
use self::untag_open_id_connect_provider::UntagOpenIDConnectProvider;
use self::untag_policy::UntagPolicy;
use self::untag_role::UntagRole;
use self::untag_user::UntagUser;
use self::update_access_key::UpdateAccessKey;
use self::update_assume_role_policy::UpdateAssumeRolePolicy;
use self::update_group::UpdateGroup;
use self::update_open_id_connect_provider_thumbprint::UpdateOpenIDConnectProviderThumbprint;
use self::update_role::UpdateRole;
use self::update_role_description::UpdateRoleDescription;
use self::update_user::UpdateUser;

/// Every operation of the service. Dispatch, authorization, metrics and the tests of coverage derive from it.
pub(crate) const OPERATIONS: &[Entry<Call>] = &[
    Entry::of::<AddClientIDToOpenIDConnectProvider>(),
    Entry::of::<AddUserToGroup>(),
    Entry::of::<AttachGroupPolicy>(),
    Entry::of::<AttachRolePolicy>(),
    Entry::of::<AttachUserPolicy>(),
    Entry::of::<CreateAccessKey>(),
    Entry::of::<CreateAccountAlias>(),
    Entry::of::<CreateGroup>(),
    Entry::of::<CreateOpenIDConnectProvider>(),
    Entry::of::<CreatePolicy>(),
    Entry::of::<CreatePolicyVersion>(),
    Entry::of::<CreateRole>(),
    Entry::of::<CreateUser>(),
    Entry::of::<DeleteAccessKey>(),
    Entry::of::<DeleteAccountAlias>(),
    Entry::of::<DeleteGroup>(),
    Entry::of::<DeleteGroupPolicy>(),
    Entry::of::<DeleteLoginProfile>(),
    Entry::of::<DeleteOpenIDConnectProvider>(),
    Entry::of::<DeletePolicy>(),
    Entry::of::<DeletePolicyVersion>(),
    Entry::of::<DeleteRole>(),
    Entry::of::<DeleteRolePermissionsBoundary>(),
    Entry::of::<DeleteRolePolicy>(),
    Entry::of::<DeleteUser>(),
    Entry::of::<DeleteUserPermissionsBoundary>(),
    Entry::of::<DeleteUserPolicy>(),
    Entry::of::<DetachGroupPolicy>(),
    Entry::of::<DetachRolePolicy>(),
    Entry::of::<DetachUserPolicy>(),
    Entry::of::<GetAccessKeyLastUsed>(),
    Entry::of::<GetAccountAuthorizationDetails>(),
    Entry::of::<GetAccountSummary>(),
    Entry::of::<GetContextKeysForCustomPolicy>(),
    Entry::of::<GetContextKeysForPrincipalPolicy>(),
    Entry::of::<GetGroup>(),
    Entry::of::<GetGroupPolicy>(),
    Entry::of::<GetLoginProfile>(),
    Entry::of::<GetOpenIDConnectProvider>(),
    Entry::of::<GetPolicy>(),
    Entry::of::<GetPolicyVersion>(),
    Entry::of::<GetRole>(),
    Entry::of::<GetRolePolicy>(),
    Entry::of::<GetUser>(),
    Entry::of::<GetUserPolicy>(),
    Entry::of::<ListAccessKeys>(),
    Entry::of::<ListAccountAliases>(),
    Entry::of::<ListAttachedGroupPolicies>(),
    Entry::of::<ListAttachedRolePolicies>(),
    Entry::of::<ListAttachedUserPolicies>(),
    Entry::of::<ListEntitiesForPolicy>(),
    Entry::of::<ListGroupPolicies>(),
    Entry::of::<ListGroups>(),
    Entry::of::<ListGroupsForUser>(),
    Entry::of::<ListInstanceProfilesForRole>(),
    Entry::of::<ListMFADevices>(),
    Entry::of::<ListOpenIDConnectProviderTags>(),
    Entry::of::<ListOpenIDConnectProviders>(),
    Entry::of::<ListPolicies>(),
    Entry::of::<ListPolicyTags>(),
    Entry::of::<ListPolicyVersions>(),
    Entry::of::<ListRolePolicies>(),
    Entry::of::<ListRoleTags>(),
    Entry::of::<ListRoles>(),
    Entry::of::<ListSSHPublicKeys>(),
    Entry::of::<ListServiceSpecificCredentials>(),
    Entry::of::<ListSigningCertificates>(),
    Entry::of::<ListUserPolicies>(),
    Entry::of::<ListUserTags>(),
    Entry::of::<ListUsers>(),
    Entry::of::<ListVirtualMFADevices>(),
    Entry::of::<PutGroupPolicy>(),
    Entry::of::<PutRolePermissionsBoundary>(),
    Entry::of::<PutRolePolicy>(),
    Entry::of::<PutUserPermissionsBoundary>(),
    Entry::of::<PutUserPolicy>(),
    Entry::of::<RemoveClientIDFromOpenIDConnectProvider>(),
    Entry::of::<RemoveUserFromGroup>(),
    Entry::of::<SetDefaultPolicyVersion>(),
    Entry::of::<SimulateCustomPolicy>(),
    Entry::of::<SimulatePrincipalPolicy>(),
    Entry::of::<TagOpenIDConnectProvider>(),
    Entry::of::<TagPolicy>(),
    Entry::of::<TagRole>(),
    Entry::of::<TagUser>(),
    Entry::of::<UntagOpenIDConnectProvider>(),
    Entry::of::<UntagPolicy>(),
    Entry::of::<UntagRole>(),
    Entry::of::<UntagUser>(),
    Entry::of::<UpdateAccessKey>(),
    Entry::of::<UpdateAssumeRolePolicy>(),
    Entry::of::<UpdateGroup>(),
    Entry::of::<UpdateOpenIDConnectProviderThumbprint>(),
    Entry::of::<UpdateRole>(),
    Entry::of::<UpdateRoleDescription>(),
    Entry::of::<UpdateUser>(),
];
