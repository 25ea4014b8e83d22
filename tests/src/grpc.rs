//! Calls made from descriptors: bytes in, bytes out.

use tonic::{
    Request, Status,
    client::Grpc,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
    transport::Channel,
};

/// Sends and takes bytes as they are.
#[derive(Clone, Copy, Default)]
struct Raw;

impl Codec for Raw {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        *self
    }

    fn decoder(&mut self) -> Self {
        *self
    }
}

impl Encoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, item: Vec<u8>, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        use prost::bytes::BufMut as _;
        buffer.put_slice(&item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        use prost::bytes::Buf as _;
        Ok(Some(buffer.copy_to_bytes(buffer.remaining()).to_vec()))
    }
}

/// Makes the call with this path (`/package.Service/Method`) with a key; the answer's bytes.
pub async fn call(
    channel: &Channel,
    key: &str,
    path: &str,
    body: Vec<u8>,
) -> Result<Vec<u8>, Status> {
    let mut request = Request::new(body);
    let credential = format!("Bearer {key}")
        .parse()
        .expect("the key can be sent");
    request.metadata_mut().insert("authorization", credential);
    let mut client = Grpc::new(channel.clone());
    client.ready().await.expect("the server answers");
    let path = path.parse().expect("a path");
    let answer = client.unary(request, path, Raw).await?;
    Ok(answer.into_inner())
}
