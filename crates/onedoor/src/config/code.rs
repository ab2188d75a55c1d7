//! The short names of all that can be said about a file. Stable: people search for them, and `onedoor explain` knows them.

/// Whether the file works all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Severity {
    Error,
    /// A trap: legal, and hardly ever meant.
    Warning,
}

macro_rules! codes {
    ($($variant:ident $name:literal $severity:ident,)*) => {
        /// What is wrong, in one word.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Code {
            $($variant,)*
        }

        impl Code {
            #[cfg(test)]
            pub(crate) const ALL: &[Self] = &[$(Self::$variant,)*];

            pub(crate) fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            pub(crate) fn severity(self) -> Severity {
                match self {
                    $(Self::$variant => Severity::$severity,)*
                }
            }
        }
    };
}

codes! {
    Syntax "syntax" Error,
    DuplicateKey "duplicate-key" Error,
    UnknownKey "unknown-key" Error,
    NotYet "not-yet" Error,
    WrongType "wrong-type" Error,
    BadValue "bad-value" Error,
    MissingKey "missing-key" Error,
    EmptyFile "empty-file" Error,
    NoFile "no-file" Error,
    EnvUnset "env-unset" Error,
    EnvSyntax "env-syntax" Error,
    AppName "app-name" Error,
    TooMany "too-many" Error,
    UnknownApp "unknown-app" Error,
    BadCommand "bad-command" Error,
    CommandNotFound "command-not-found" Error,
    DirMissing "dir-missing" Error,
    FileMissing "file-missing" Error,
    PortTaken "port-taken" Error,
    PortPublic "port-public" Error,
    BadListen "bad-listen" Error,
    BadNetwork "bad-network" Error,
    BadUrl "bad-url" Error,
    BadHeader "bad-header" Error,
    Contradiction "contradiction" Error,
    NoTarget "no-target" Error,
    TwoTargets "two-targets" Error,
    RouteKey "route-key" Error,
    RouteGlob "route-glob" Error,
    RouteDuplicate "route-duplicate" Error,
    RouteTie "route-tie" Error,
    RouteRewrite "route-rewrite" Error,
    RouteWhen "route-when" Error,
    RouteShadowed "route-shadowed" Error,
    UnknownProfile "unknown-profile" Error,
    TooOld "too-old" Error,
    Unreachable "unreachable" Warning,
    RedirectLoop "redirect-loop" Warning,
    ForeignCapture "foreign-capture" Warning,
    Background "background" Warning,
    PrefixStripped "prefix-stripped" Warning,
    TrustsEverybody "trusts-everybody" Warning,
    OpenFiles "open-files" Warning,
    GraceTooLong "grace-too-long" Warning,
    TimeZone "time-zone" Warning,
    EmptyWhen "empty-when" Warning,
    PrefixUnknown "prefix-unknown" Warning,
}

#[cfg(test)]
impl Code {
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.as_str() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_there_once_and_leads_back_to_its_code() {
        for code in Code::ALL {
            assert_eq!(Code::named(code.as_str()), Some(*code));
        }
    }
}
