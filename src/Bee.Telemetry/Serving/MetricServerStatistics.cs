namespace Bee.Telemetry.Serving;

/// <summary>What a <see cref="MetricServer"/> has done so far.</summary>
/// <param name="Scrapes">The scrapes that were answered.</param>
/// <param name="LastScrape">When the last one was, in UTC; null before the first.</param>
/// <param name="LastDuration">How long the last one took, without sending.</param>
/// <param name="Errors">The sources that scrapes left out because reading them failed.</param>
/// <param name="Conflicts">The metrics and series that scrapes left out because they do not go with others.</param>
/// <param name="Rejected">The connections and requests that were refused.</param>
/// <param name="Connections">The connections that are open now.</param>
public sealed record MetricServerStatistics(long Scrapes, DateTime? LastScrape, TimeSpan LastDuration, long Errors, long Conflicts, long Rejected, int Connections);
