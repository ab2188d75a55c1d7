//! Every rule that a message can break: one variant each, said in one sentence for the operator.

use thiserror::Error;

/// What is wrong with a message head.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum HeadError {
    #[error("the peer speaks TLS on a port for plain HTTP")]
    Tls,
    #[error("the method is not a token of at most 32 bytes followed by a space")]
    BadMethod,
    #[error("the request line is not \"method target version\" with single spaces")]
    BadRequestLine,
    #[error("the version is not spelled HTTP/1.1 or HTTP/1.0")]
    BadVersion,
    #[error("the version is not HTTP/1.1 or HTTP/1.0")]
    UnsupportedVersion,
    #[error("the request target has a byte that must not stand there")]
    BadTarget,
    #[error("the form of the request target does not fit the method")]
    TargetForm,
    #[error("the request target's scheme is not http or https")]
    BadScheme,
    #[error("the request line is longer than the limit for the whole head")]
    RequestLineTooLong,
    #[error("the status line is not \"HTTP/1.1 code reason\"")]
    BadStatusLine,
    #[error("the head is longer than the limit")]
    HeadTooLarge,
    #[error("the head has more fields than the limit")]
    TooManyFields,
    #[error("a line ends with LF alone")]
    BareLf,
    #[error("a CR stands alone")]
    BareCr,
    #[error("a field is folded over several lines")]
    Folded,
    #[error("whitespace stands before the first field")]
    SpaceBeforeFields,
    #[error("whitespace stands between a field's name and its colon")]
    SpaceBeforeColon,
    #[error("a field line has no colon")]
    NoColon,
    #[error("a field has an empty name")]
    EmptyName,
    #[error("a field's name has a byte that must not stand there")]
    BadName,
    #[error("a field's value has a control character")]
    BadValue,
    #[error("Host is missing")]
    HostMissing,
    #[error("Host stands more than once")]
    HostTwice,
    #[error("the host or its port is not valid")]
    BadHost,
    #[error("the request target carries a user name")]
    UserInfo,
    #[error("Host names another host than the request target")]
    HostMismatch,
    #[error("Content-Length is not a plain decimal number")]
    BadContentLength,
    #[error("Content-Length stands more than once, with different values")]
    ContentLengthsDiffer,
    #[error("Content-Length and Transfer-Encoding stand together")]
    TwoLengths,
    #[error("Transfer-Encoding stands in an HTTP/1.0 message")]
    TransferEncodingInHttp10,
    #[error("Transfer-Encoding is not \"chunked\", once")]
    BadTransferEncoding,
    #[error("Transfer-Encoding names a coding besides chunked")]
    UnsupportedTransferEncoding,
    #[error("Connection is not a list of tokens")]
    BadConnection,
    #[error("Connection names too many fields")]
    TooManyConnectionNames,
    #[error("Expect asks for something else than 100-continue")]
    UnknownExpectation,
}

impl HeadError {
    /// The status that answers a request with this error. A response with it becomes a 502, whatever this says.
    #[must_use]
    pub fn status(self) -> u16 {
        match self {
            Self::RequestLineTooLong => 414,
            Self::UnknownExpectation => 417,
            Self::HeadTooLarge | Self::TooManyFields => 431,
            // RFC 9112 6.1.
            Self::UnsupportedTransferEncoding => 501,
            Self::BadStatusLine => 502,
            Self::UnsupportedVersion => 505,
            Self::Tls
            | Self::BadMethod
            | Self::BadRequestLine
            | Self::BadVersion
            | Self::BadTarget
            | Self::TargetForm
            | Self::BadScheme
            | Self::BareLf
            | Self::BareCr
            | Self::Folded
            | Self::SpaceBeforeFields
            | Self::SpaceBeforeColon
            | Self::NoColon
            | Self::EmptyName
            | Self::BadName
            | Self::BadValue
            | Self::HostMissing
            | Self::HostTwice
            | Self::BadHost
            | Self::UserInfo
            | Self::HostMismatch
            | Self::BadContentLength
            | Self::ContentLengthsDiffer
            | Self::TwoLengths
            | Self::TransferEncodingInHttp10
            | Self::BadTransferEncoding
            | Self::BadConnection
            | Self::TooManyConnectionNames => 400,
        }
    }
}

/// What is wrong with a chunked body. Always the end of its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ChunkedError {
    #[error("a chunk's size is not 1 to 16 hexadecimal digits")]
    BadSize,
    #[error("a chunk's size does not fit 63 bits")]
    SizeTooLarge,
    #[error("a chunk's extension has a control character")]
    BadExtension,
    #[error("the chunks' extensions are longer than the limit")]
    ExtensionsTooLong,
    #[error("a line of the chunked coding does not end with CRLF")]
    BadLineEnd,
    #[error("a chunk is not followed by CRLF")]
    BadChunkEnd,
    #[error("the trailer section is longer than the limit")]
    TrailersTooLarge,
    #[error("a trailer field is not valid: {0}")]
    BadTrailer(HeadError),
}

/// What is wrong with a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PathError {
    #[error("the path does not begin with a slash")]
    NotAbsolute,
    #[error("the path has a byte that must not stand there unescaped")]
    BadByte,
    #[error("a percent sign is not followed by two hexadecimal digits")]
    BadEscape,
    #[error("the path has a backslash, plain or escaped")]
    Backslash,
    #[error("the path has an escaped NUL")]
    Nul,
    #[error("the path has an escaped dot")]
    EncodedDot,
    #[error("a dot segment hides behind an encoded slash or a path parameter")]
    HiddenDotSegment,
    #[error("the path's dot segments lead above the root")]
    AboveRoot,
}

impl PathError {
    #[must_use]
    pub fn status(self) -> u16 {
        400
    }
}

/// What is wrong with a field value that the configuration made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ValueError {
    #[error(
        "the value has a line break or another control character, which would split the message; remove it"
    )]
    Control,
    #[error("the value begins or ends with whitespace, which the receiver would drop; remove it")]
    OuterWhitespace,
}
