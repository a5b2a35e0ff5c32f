using System.Management.Automation;
using Bee.Oci.Formats;

namespace Bee.Cmdlets.Base;

/// <summary>
/// Takes a login out of what is given as a host, a reference or a URL: <c>name:password@ghcr.io/x</c>. The cmdlet then has no secret that it could repeat in a
/// message, a target object or on another stream.
/// </summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
public sealed class WithoutLoginAttribute : ArgumentTransformationAttribute
{
    /// <summary>Gets or sets whether the parameter takes paths too: files that exist, and what begins as a path, stay as they are.</summary>
    public bool OrPath { get; set; }

    /// <inheritdoc/>
    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData)
    {
        object? value = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        return value switch
        {
            string text => IsSecret(engineIntrinsics, text) ? Redaction.WithoutLogin(text) : inputData,
            Uri { OriginalString: var text } => Transform(engineIntrinsics, text),
            // An array has to keep its other items as they are: objects, which the engine converts.
            System.Collections.IList { Count: > 0 } list => list.Cast<object?>().Select(item => Transform(engineIntrinsics, item)).ToArray(),
            _ => inputData,
        };
    }

    private bool IsSecret(EngineIntrinsics engine, string text)
    {
        if (!Redaction.HasLogin(text) || !OrPath)
        {
            return Redaction.HasLogin(text);
        }

        bool isUrl = text.Contains("://", StringComparison.Ordinal);
        // A URL without its scheme begins with two slashes.
        bool isPath = text.Length > 0 && text[0] is '/' or '.' or '~' && !text.StartsWith("//", StringComparison.Ordinal);
        return isUrl || (!isPath && !Exists(engine, text) && (!WildcardPattern.ContainsWildcardCharacters(text) || text.AsSpan(0, text.IndexOf('@') + 1).Contains(':')));
    }

    private static bool Exists(EngineIntrinsics engine, string path)
    {
        try
        {
            return System.IO.Path.Exists(engine.SessionState.Path.GetUnresolvedProviderPathFromPSPath(path));
        }
        catch (Exception error) when (error is RuntimeException or NotSupportedException)
        {
            // What reads as the path of a drive that does not exist.
            return false;
        }
    }
}
