//! STS and its sessions, by the real clients: who gets temporary credentials, what they may do and when they end.

mod accounts;
mod session_token;
