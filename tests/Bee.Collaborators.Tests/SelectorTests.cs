using System.Collections;
using Bee.Cmdlets.Errors;
using Bee.Cmdlets.Maps;
using Bee.Cmdlets.Metrics;
using Bee.Cmdlets.Sessions;

namespace Bee.Cmdlets.Collaborators.Tests;

/// <summary>The selectors' errors for unknown names, in a process without background sessions.</summary>
public sealed class SelectorTests
{
    private readonly Session _session = new("/");

    [Fact]
    public void Select_session_of_an_unknown_name_reports_it_and_a_pattern_is_silent()
    {
        Assert.Empty(new SessionSelector(_session).Select(["no-such-*"]));
        Assert.Empty(_session.Errors);

        Assert.Empty(new SessionSelector(_session).Select(["no-such-program"]));
        Assert.Equal("ProgramNotFound", IdOfTheOnlyError());
    }

    [Fact]
    public void Select_map_of_an_unknown_name_reports_it_and_a_pattern_is_silent()
    {
        Assert.Empty(new MapSelector(_session).Select(["no_such_*"], ["*"]));
        Assert.Empty(_session.Errors);

        Assert.Empty(new MapSelector(_session).Select(["no_such_map"], ["*"]));
        Assert.Equal("MapNotFound", IdOfTheOnlyError());
    }

    [Fact]
    public void Find_writer_of_an_unknown_map_reports_its_name_once()
    {
        var writers = new MapWriters(_session);

        Assert.Null(writers.Find(null, null, new Hashtable { ["mapname"] = "no_such_map" }, ["*"]));
        Assert.Null(writers.Find(null, "no_such_map", null, ["*"]));

        Assert.Equal("MapNotFound", IdOfTheOnlyError());
    }

    [Fact]
    public void Unknown_session_is_the_only_error_about_its_maps()
    {
        var writers = new MapWriters(_session);
        Assert.Null(writers.Find(null, "some_map", null, ["no-such-program"]));
        Assert.Null(writers.Find(null, "some_map", null, ["no-such-program"]));
        Assert.Equal("ProgramNotFound", IdOfTheOnlyError());

        _session.Errors.Clear();
        Assert.Empty(new MapSelector(_session).Select(["some_map"], ["no-such-program"]));
        Assert.Equal("ProgramNotFound", IdOfTheOnlyError());

        // A pattern that matches no session is silent, so the map's name is the error.
        _session.Errors.Clear();
        Assert.Null(writers.Find(null, "another_map", null, ["no-such-*"]));
        Assert.Equal("MapNotFound", IdOfTheOnlyError());
    }

    [Fact]
    public void Find_writer_for_an_entry_without_a_map_reports_the_entry()
    {
        var entry = new Hashtable { ["Key"] = 1 };

        Assert.Null(new MapWriters(_session).Find(null, null, entry, ["*"]));

        Assert.Equal("MapNameMissing", IdOfTheOnlyError());
        Assert.Same(entry, _session.Errors[0].Target);
    }

    [Fact]
    public void Select_metric_server_of_an_unknown_port_reports_it()
    {
        Assert.Empty(new MetricServerSelector(_session).Select([1]));

        Assert.Equal("MetricServerNotFound", IdOfTheOnlyError());
        Assert.Equal(1, _session.Errors[0].Target);
    }

    private string IdOfTheOnlyError() => Assert.IsType<BeeInputException>(Assert.Single(_session.Errors).Error).Id;
}
