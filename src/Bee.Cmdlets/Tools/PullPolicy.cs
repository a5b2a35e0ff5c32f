namespace Bee.Cmdlets.Tools;

/// <summary>When an image is fetched from its registry.</summary>
public enum PullPolicy
{
    /// <summary>When it is not among the local images; then no registry is asked about those that are.</summary>
    Missing,

    /// <summary>Whenever the registry has another one under the name: it is asked each time.</summary>
    Always,

    /// <summary>Not at all.</summary>
    Never,
}
