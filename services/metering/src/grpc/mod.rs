//! The gRPC surface: parse, call, reply.

mod hold;
pub mod meter_service;
pub mod portal_token_service;
pub mod usage_service;

use chassis::{
    page::PageRequest,
    secret::{hex, sha256},
};
use kernel::id::ProjectId;
use prost::Message;
use tonic::Status;

/// The page that a list asks for. `shape` is the request without its page fields: a token is good only
/// with the same.
fn page(
    project: ProjectId,
    key: [u8; 32],
    page_size: i32,
    page_token: &str,
    shape: &impl Message,
) -> Result<PageRequest, Status> {
    let shape = hex(&sha256(&shape.encode_to_vec()));
    PageRequest::parse(page_size, page_token, key, &[&project.to_string(), &shape])
}
