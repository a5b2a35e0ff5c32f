using System.Management.Automation;

namespace Bee.Cmdlets.Deployments;

/// <summary>The exit codes of the entry point. docs/containers.md lists them, and orchestrators decide by them: none may change.</summary>
internal enum ToolExit
{
    /// <summary>The tool ended as it was asked to: by a signal, a duration or a number of events.</summary>
    Ended = 0,

    /// <summary>Something that has no code of its own.</summary>
    Unexpected = 1,

    /// <summary>An argument or a variable is wrong.</summary>
    Usage = 2,

    /// <summary>The image does not exist, or has no program for this platform.</summary>
    NotFound = 3,

    /// <summary>The image is not trusted, or damaged.</summary>
    NotTrusted = 4,

    /// <summary>The process lacks a capability, or a policy of the kernel forbids the call.</summary>
    NoPermission = 5,

    /// <summary>What the tool attaches to does not exist.</summary>
    NoTarget = 6,

    /// <summary>The kernel cannot run the tool: it lacks a feature or its types, or the verifier refuses.</summary>
    Refused = 7,

    /// <summary>A registry could not be asked.</summary>
    Registry = 8,

    /// <summary>The output takes no more lines.</summary>
    OutputClosed = 9,

    /// <summary>The address for metrics is taken, or not allowed.</summary>
    Listen = 10,
}

/// <summary>Which exit code an error has.</summary>
internal static class ToolExits
{
    /// <summary>The exit code of an error record.</summary>
    public static ToolExit Of(ErrorRecord error)
    {
        string id = error.FullyQualifiedErrorId.Split(',')[0];
        int dot = id.IndexOf('.', StringComparison.Ordinal);
        string family = dot < 0 ? id : id[..dot];
        string fault = dot < 0 ? "" : id[(dot + 1)..];
        return family switch
        {
            "Trust" or "Signature" => ToolExit.NotTrusted,
            "Store" => fault switch
            {
                "NotFound" or "MissingBlob" or "NoProgram" or "NotAStore" => ToolExit.NotFound,
                "NoPermission" => ToolExit.NoPermission,
                "Ambiguous" or "BadReference" or "BadPlatform" => ToolExit.Usage,
                "DigestMismatch" or "Untrusted" or "DamagedIndex" or "DamagedManifest" or "DamagedConfig" => ToolExit.NotTrusted,
                _ => ToolExit.Unexpected,
            },
            "LoadFailed" => fault switch
            {
                "NoPermission" => ToolExit.NoPermission,
                "NoTarget" or "NoPlace" or "NoProcess" => ToolExit.NoTarget,
                "BadParameter" => ToolExit.Usage,
                _ => ToolExit.Refused,
            },
            "Registry" => fault is "NotFound" or "NoPlatform" ? ToolExit.NotFound : fault == "DigestMismatch" ? ToolExit.NotTrusted : ToolExit.Registry,
            "MapEntry" => fault == "NoPermission" ? ToolExit.NoPermission : ToolExit.Usage,
            "Metric" or "MetricServer" => ToolExit.Listen,
            "ImageNotFound" or "FileNotFound" or "OtherPlatform" => ToolExit.NotFound,
            "BadObject" => ToolExit.Refused,
            "BadParameter" or "ParameterNotFound" or "MapNotFound" or "BadSettings" => ToolExit.Usage,
            "AccessDenied" => ToolExit.NoPermission,
            _ => error.Exception is ParameterBindingException || error.CategoryInfo.Category == ErrorCategory.InvalidArgument ? ToolExit.Usage : ToolExit.Unexpected,
        };
    }
}
