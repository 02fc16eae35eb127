//! Image references, read as the kubelet and containerd read them.
//!
//! ```text
//! reference   = [ host "/" ] path [ ":" tag ] [ "@" digest ]
//! host        = label *( "." label ) [ ":" port ]  |  "[" IPv6 "]" [ ":" port ]
//! label       = letters, digits and inner "-", any case
//! path        = component *( "/" component ), 255 characters at most
//! component   = run *( separator run ); run = lower-case letters and digits
//! separator   = "."  |  "_"  |  "__"  |  one or more "-"
//! tag         = ( letter | digit | "_" ) and up to 127 more, with "." and "-" as well
//! digest      = "sha256:" 64  |  "sha384:" 96  |  "sha512:" 128 lower-case hexadecimal digits
//! ```
//!
//! What stands before the first `/` is a host if it holds a `.`, a `:` or an upper-case letter, or is `localhost`;
//! else the host is `docker.io`. The grammar is that of the `distribution/reference` library, ASCII throughout:
//! whatever the node refuses is refused here, so that the two can never judge different repositories.
//!
//! Two answers differ from the library on purpose. `sha256:…` alone means "an image that is on the node already",
//! whoever pulled it, so it is an error of its own. And a host with `_`, which the library reads as a path and the
//! node pulls from all the same, is refused where it imitates a registry of Azure, whose names hold none.

mod error;
mod grammar;
mod host;
mod reference;

pub use self::error::{ImageReferenceError, InvalidImage};
pub use self::reference::{ImageReference, RepositoryName};
