using System.Globalization;
using System.Net;
using static Bee.Oci.Registry.Transport.TryFailedException;

namespace Bee.Oci.Registry.Transport;

/// <summary>
/// Tries a request again after 408, 429, 5xx and broken connections; never after another 4xx, and not after silence. Pauses double and are
/// spread at random, so that many clients of a registry that comes back do not come at once; a <c>Retry-After</c> (RFC 9110, 10.2.3) is kept.
/// </summary>
internal sealed class Retries(RegistryOptions options)
{
    private static readonly TimeSpan s_first = TimeSpan.FromMilliseconds(200);

    private volatile bool _answered;

    /// <summary>Sends by <paramref name="once"/> until there is an answer to keep.</summary>
    /// <param name="once">Sends it.</param>
    /// <param name="repeat">False: again only where the request was refused unread (429).</param>
    /// <param name="what">What is asked, for notes; no secret.</param>
    /// <param name="cancellationToken">Ends the wait, also the pauses.</param>
    /// <exception cref="RegistryException">There is no answer.</exception>
    public async Task<HttpResponseMessage> RunAsync(
        Func<CancellationToken, Task<HttpResponseMessage>> once, bool repeat, string what, CancellationToken cancellationToken)
    {
        for (int tried = 0; ; tried++)
        {
            TimeSpan pause;
            string reason;
            try
            {
                HttpResponseMessage answer = await once(cancellationToken).ConfigureAwait(false);
                _answered = true;
                if (tried >= options.Retries || !IsWorth(answer.StatusCode, repeat))
                {
                    return answer;
                }

                pause = Pause(tried, Asked(answer));
                reason = $"{(int)answer.StatusCode} {answer.StatusCode}";
                answer.Dispose();
            }
            catch (TryFailedException e)
            {
                bool again = e.Again == Repeat.Always || (e.Again == Repeat.WhereItAnswered && _answered);
                if (tried >= options.Retries || !repeat || !again)
                {
                    throw e.Reported;
                }

                pause = Pause(tried, null);
                reason = e.Reported.Message;
            }

            options.Note?.Invoke(new RegistryNote(string.Create(CultureInfo.InvariantCulture, $"{what}: {reason} Trying again in {pause.TotalSeconds:0.0} s ({tried + 1} of {options.Retries})."), false));
            await Task.Delay(pause, cancellationToken).ConfigureAwait(false);
        }
    }

    private static bool IsWorth(HttpStatusCode status, bool repeat) => status switch
    {
        HttpStatusCode.TooManyRequests => true,
        HttpStatusCode.RequestTimeout => repeat,
        HttpStatusCode.NotImplemented or HttpStatusCode.HttpVersionNotSupported => false,
        >= HttpStatusCode.InternalServerError => repeat,
        _ => false,
    };

    private static TimeSpan? Asked(HttpResponseMessage answer)
    {
        if (answer.Headers.RetryAfter is not { } asked)
        {
            return null;
        }

        TimeSpan time = asked.Delta ?? (asked.Date is { } date ? date - DateTimeOffset.UtcNow : TimeSpan.Zero);
        return time > TimeSpan.Zero ? time : TimeSpan.Zero;
    }

    /// <summary>How long to rest before the next try.</summary>
    /// <param name="tried">How often it was tried again already.</param>
    /// <param name="asked">How long the registry wants it to be; null for no wish.</param>
    public TimeSpan Pause(int tried, TimeSpan? asked)
    {
        TimeSpan own = s_first * Math.Pow(2, Math.Min(tried, 16)) * (0.5 + Random.Shared.NextDouble());
        TimeSpan pause = asked is { } least ? least + (own * 0.1) : own;
        return pause < options.LongestPause ? pause : options.LongestPause;
    }
}
