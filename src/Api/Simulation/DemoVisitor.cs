using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using BookIT.Core;
using BookIT.Core.Demo;

namespace BookIT.Api.Simulation;

/// <summary>Counts what visitors do.</summary>
internal sealed class DemoCounters
{
    public long SignIns;
    public long Bookings;
    public long CheckIns;
    public long Cancellations;
    public long Refused;
    public long Errors;

    public TrafficCounts Now => new(SignIns, Bookings, CheckIns, Cancellations, Refused, Errors);
}

/// <summary>
/// Somebody who uses the API as a client does, one action at a time. A visit: book, be checked in by the usher or change
/// one's mind, leave; now and then sign out and in again.
/// </summary>
internal sealed class DemoVisitor(
    string email,
    string password,
    HttpClient http,
    DemoCounters counts,
    TimeSpan stay,
    TimeProvider time,
    DemoVisitor? usher
)
{
    /// <summary>Access tokens last a little longer.</summary>
    private static readonly TimeSpan SignInLength = TimeSpan.FromMinutes(12);

    // A password's hash is slow on purpose: demo sign-ins are to be few beside real ones.
    private const double SignOutChance = 0.1;
    private const double CancelChance = 0.3;

    /// <summary>The part of the seats that is left to real people.</summary>
    private const double LeftFree = 0.25;

    private string? token;
    private DateTimeOffset signedInAt;
    private Guid? reservation;
    private bool isCheckedIn;
    private int busy;

    /// <summary>Whether the last action is still under way.</summary>
    public bool IsBusy => Volatile.Read(ref busy) == 1;

    private bool IsSignedIn => token is not null && time.Now() - signedInAt <= SignInLength;

    /// <summary>
    /// Does whatever comes next, unless the last action is still under way. What was begun is brought to its end: nobody
    /// leaves a seat behind that they do not know of.
    /// </summary>
    public async Task ActAsync()
    {
        if (Interlocked.Exchange(ref busy, 1) == 1)
        {
            return;
        }

        try
        {
            await NextAsync(CancellationToken.None);
        }
        catch (Exception)
        {
            // Whatever goes wrong, the others go on.
            Interlocked.Increment(ref counts.Errors);
        }
        finally
        {
            Volatile.Write(ref busy, 0);
        }
    }

    /// <summary>As the usher: signs in, unless that is under way.</summary>
    private async Task ComeAsync(CancellationToken cancellation)
    {
        if (Interlocked.Exchange(ref busy, 1) == 1)
        {
            return;
        }

        try
        {
            if (!IsSignedIn)
            {
                await SignInAsync(cancellation);
            }
        }
        finally
        {
            Volatile.Write(ref busy, 0);
        }
    }

    /// <summary>Gives the seat back and signs out.</summary>
    public async Task LeaveAsync(CancellationToken cancellation)
    {
        try
        {
            if (reservation is not null)
            {
                await GiveBackAsync(cancellation);
            }

            if (token is not null)
            {
                await SignOutAsync(cancellation);
            }
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException)
        {
            // The reservation ends by itself, soon, and the sign-in with the next start.
        }
    }

    private async Task NextAsync(CancellationToken cancellation)
    {
        if (token is null)
        {
            await SignInAsync(cancellation);
        }
        else if (!IsSignedIn)
        {
            await SignOutAsync(cancellation);
        }
        else if (reservation is null)
        {
            await BookAsync(cancellation);
        }
        else if (isCheckedIn || Random.Shared.NextDouble() < CancelChance)
        {
            await GiveBackAsync(cancellation);
            if (Random.Shared.NextDouble() < SignOutChance)
            {
                await SignOutAsync(cancellation);
            }
        }
        else if (!usher!.IsSignedIn)
        {
            await usher.ComeAsync(cancellation);
        }
        else
        {
            await usher.CheckInAsync(this, cancellation);
        }
    }

    private async Task SignInAsync(CancellationToken cancellation)
    {
        using var answer = await SendAsync(HttpMethod.Post, "/api/auth/login", new { email, password }, cancellation);
        if (IsDone(answer))
        {
            token = (string?)(await ReadAsync(answer, cancellation))["access_token"];
            signedInAt = time.Now();
            Interlocked.Increment(ref counts.SignIns);
            await FindReservationAsync(cancellation);
        }
    }

    /// <summary>The live reservation, where there is one: what was left of the last time, or what an error hid.</summary>
    private async Task FindReservationAsync(CancellationToken cancellation)
    {
        using var answer = await SendAsync(HttpMethod.Get, "/api/reservations/active", null, cancellation);
        var found = answer.StatusCode is HttpStatusCode.OK ? await ReadAsync(answer, cancellation) : null;
        reservation = found is null ? null : Guid.Parse((string)found["id"]!);
        isCheckedIn = (string?)found?["status"] == "active";
    }

    private async Task BookAsync(CancellationToken cancellation)
    {
        var start = time.Now().ToSeconds();
        var window = $"start={start:yyyy-MM-ddTHH:mm:ssZ}&end={start + stay:yyyy-MM-ddTHH:mm:ssZ}";
        using var list = await SendAsync(HttpMethod.Get, $"/api/seat?{window}", null, cancellation);
        if (!IsDone(list))
        {
            return;
        }

        var seats = (await ReadAsync(list, cancellation)).AsArray();
        var free = seats.Where(seat => (bool)seat!["is_available"]!).Select(seat => (string)seat!["id"]!).ToArray();
        if (free.Length <= seats.Count * LeftFree)
        {
            return;
        }

        var seatId = free[Random.Shared.Next(free.Length)];
        var wish = new
        {
            seat_id = seatId,
            start,
            end = start + stay,
        };
        using var answer = await SendAsync(HttpMethod.Post, "/api/reservations", wish, cancellation);
        if (IsDone(answer))
        {
            reservation = Guid.Parse((string)(await ReadAsync(answer, cancellation))["id"]!);
            isCheckedIn = false;
            Interlocked.Increment(ref counts.Bookings);
        }
        else
        {
            await FindReservationAsync(cancellation);
        }
    }

    /// <summary>As the usher: checks a visitor in.</summary>
    private async Task CheckInAsync(DemoVisitor visitor, CancellationToken cancellation)
    {
        var path = $"/api/admin/check_qr/{visitor.reservation}";
        using var answer = await SendAsync(HttpMethod.Post, path, null, cancellation);
        if (IsDone(answer))
        {
            visitor.isCheckedIn = true;
            Interlocked.Increment(ref counts.CheckIns);
        }
        else
        {
            await visitor.FindReservationAsync(cancellation);
        }
    }

    private async Task GiveBackAsync(CancellationToken cancellation)
    {
        var path = $"/api/reservations/{reservation}";
        using var answer = await SendAsync(HttpMethod.Patch, path, new { status = "closed" }, cancellation);
        if (IsDone(answer))
        {
            Interlocked.Increment(ref counts.Cancellations);
        }

        reservation = null;
    }

    private async Task SignOutAsync(CancellationToken cancellation)
    {
        using var answer = await SendAsync(HttpMethod.Post, "/api/auth/logout", null, cancellation);
        token = null;
    }

    /// <summary>Whether it was done; if not, counts why, and signs in again next time where that is why.</summary>
    private bool IsDone(HttpResponseMessage answer)
    {
        if (answer.IsSuccessStatusCode)
        {
            return true;
        }

        if (answer.StatusCode is HttpStatusCode.Unauthorized)
        {
            token = null;
        }

        // A busy server asks to come back later, and that is what happens.
        var isRefusal = (int)answer.StatusCode is (>= 400 and < 500) or StatusCodes.Status503ServiceUnavailable;
        Interlocked.Increment(ref isRefusal ? ref counts.Refused : ref counts.Errors);
        return false;
    }

    private async Task<HttpResponseMessage> SendAsync(
        HttpMethod method,
        string path,
        object? body,
        CancellationToken cancellation
    )
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative))
        {
            Content = body is null ? null : JsonContent.Create(body),
        };
        if (token is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        return await http.SendAsync(request, cancellation);
    }

    private static async Task<JsonNode> ReadAsync(HttpResponseMessage answer, CancellationToken cancellation) =>
        await answer.Content.ReadFromJsonAsync<JsonNode>(cancellation) ?? throw new JsonException();
}
