//! A real API server and etcd; a scripted one only for what a real one cannot be made to play.

mod credentials;
mod events;
mod resilience;
mod scripted;
mod server;
mod support;
mod watches;
