//! Who may come in: the challenge, tokens, credentials in every broken form, and what happens to those who guess.

mod anonymous;
mod challenge;
mod forged_tokens;
mod garbage;
mod login;
mod throttle;
mod tokens;
