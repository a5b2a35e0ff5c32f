using Xunit.Abstractions;
using Xunit.Sdk;

namespace Bee.Toolchain.Tests;

/// <summary>Skips a running test for a reason that only the kernel reveals. For tests with <see cref="SkippingTheoryAttribute"/>.</summary>
internal static class Skip
{
    internal const string Mark = "skipped: ";

    /// <summary>Skips the test if there is a reason.</summary>
    internal static void If(string? reason)
    {
        if (reason is not null)
        {
            throw new XunitException(Mark + reason.ReplaceLineEndings(" "));
        }
    }
}

/// <summary>A test that loads into the kernel and may skip itself while it runs.</summary>
[XunitTestCaseDiscoverer("Bee.Toolchain.Tests.SkippingDiscoverer", "Bee.Toolchain.Tests")]
internal sealed class SkippingTheoryAttribute : TheoryAttribute
{
    public SkippingTheoryAttribute() => Skip = Requirements.Kernel;
}

/// <summary>Makes the test's cases.</summary>
public sealed class SkippingDiscoverer(IMessageSink sink) : TheoryDiscoverer(sink)
{
    /// <inheritdoc/>
    protected override IEnumerable<IXunitTestCase> CreateTestCasesForDataRow(
        ITestFrameworkDiscoveryOptions discoveryOptions, ITestMethod testMethod, IAttributeInfo theoryAttribute, object[] dataRow)
        => [new SkippingTestCase(DiagnosticMessageSink, discoveryOptions.MethodDisplayOrDefault(), discoveryOptions.MethodDisplayOptionsOrDefault(), testMethod, dataRow)];
}

/// <summary>One case. A failure that means a skip counts as a skip.</summary>
public sealed class SkippingTestCase : XunitTestCase
{
    /// <summary>For the runner, which recreates cases in the process that runs them.</summary>
    [Obsolete("For the runner.")]
    public SkippingTestCase()
    {
    }

    internal SkippingTestCase(IMessageSink sink, TestMethodDisplay display, TestMethodDisplayOptions options, ITestMethod method, object[] row)
        : base(sink, display, options, method, row)
    {
    }

    /// <inheritdoc/>
    public override async Task<RunSummary> RunAsync(
        IMessageSink diagnosticMessageSink, IMessageBus messageBus, object[] constructorArguments, ExceptionAggregator aggregator, CancellationTokenSource cancellationTokenSource)
    {
        var bus = new SkippingBus(messageBus);
        var summary = await base.RunAsync(diagnosticMessageSink, bus, constructorArguments, aggregator, cancellationTokenSource);
        summary.Failed -= bus.Skipped;
        summary.Skipped += bus.Skipped;
        return summary;
    }

    private sealed class SkippingBus(IMessageBus inner) : IMessageBus
    {
        internal int Skipped { get; private set; }

        public bool QueueMessage(IMessageSinkMessage message)
        {
            if (message is ITestFailed failed && failed.Messages.FirstOrDefault()?.StartsWith(Tests.Skip.Mark, StringComparison.Ordinal) == true)
            {
                Skipped++;
                return inner.QueueMessage(new TestSkipped(failed.Test, failed.Messages[0][Tests.Skip.Mark.Length..]));
            }

            return inner.QueueMessage(message);
        }

        // The runner disposes it.
        public void Dispose()
        {
        }
    }
}
