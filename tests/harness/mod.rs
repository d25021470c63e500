//! The parts of the harness. A test takes a [`server::Wharf`] on one or several [`backend::Backend`]s, talks to it through a
//! [`client::Client`] or raw sockets, and puts proxies between the server and what it depends on when it wants faults.

pub mod accounts;
pub mod adapter;
pub mod admin;
pub mod answer;
pub mod aws;
pub mod backend;
pub mod backing;
pub mod binary;
pub mod client;
pub mod content;
pub mod docker;
pub mod ecs_agent;
pub mod engine;
pub mod fault_proxy;
pub mod forgery;
pub mod hosts;
pub mod issuer;
pub mod peer;
pub mod podman;
pub mod port;
pub mod postgres;
pub mod program;
pub mod python;
pub mod raw;
pub mod receiver;
pub mod repository;
pub mod resources;
pub mod s3;
pub mod server;
pub mod sigv4;
pub mod supervised;
pub mod target;
pub mod tcp_proxy;
pub mod tmpfs;
pub mod upload;
pub mod upstream;
pub mod workload;

pub use answer::Answer;
pub use backend::{ALL, Backend, DEFAULT, on, on_all, on_default};
pub use client::{Auth, Client};
pub use content::{Image, digest, random, sha512};
pub use repository::Repository;
pub use server::Wharf;
pub use upload::Upload;
pub use upstream::Upstream;
