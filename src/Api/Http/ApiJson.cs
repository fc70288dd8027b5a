using System.Text.Json;
using System.Text.Json.Serialization;
using BookIT.Api.Admin;
using BookIT.Api.Auth;
using BookIT.Api.Avatars;
using BookIT.Api.Floor;
using BookIT.Api.Mail;
using BookIT.Api.Reservations;
using BookIT.Api.Seats;
using BookIT.Api.Simulation;
using BookIT.Api.Space;
using BookIT.Api.Telegram;
using BookIT.Api.Tickets;
using BookIT.Api.Users;
using BookIT.Api.Yandex;
using BookIT.Core;
using Microsoft.AspNetCore.Mvc;

namespace BookIT.Api.Http;

/// <summary>How JSON looks on the wire, and the types whose reading and writing is generated at compile time.</summary>
[JsonSerializable(typeof(ProblemDetails))]
[JsonSerializable(typeof(HttpValidationProblemDetails))]
[JsonSerializable(typeof(SpaceResponse))]
[JsonSerializable(typeof(SeatResponse))]
[JsonSerializable(typeof(SeatResponse[]))]
[JsonSerializable(typeof(SeatRequest))]
[JsonSerializable(typeof(AlternativeResponse[]))]
[JsonSerializable(typeof(SeatTimesResponse[]))]
[JsonSerializable(typeof(SeatsEvent))]
[JsonSerializable(typeof(SeatsChangeEvent))]
[JsonSerializable(typeof(FloorResponse))]
[JsonSerializable(typeof(SavedFloorResponse))]
[JsonSerializable(typeof(FloorBody))]
[JsonSerializable(typeof(ReservationResponse))]
[JsonSerializable(typeof(ReservationResponse[]))]
[JsonSerializable(typeof(ListedReservationResponse[]))]
[JsonSerializable(typeof(BookingBody))]
[JsonSerializable(typeof(AdminBookingBody))]
[JsonSerializable(typeof(ReservationPatch))]
[JsonSerializable(typeof(AdminReservationPatch))]
[JsonSerializable(typeof(ReservationClosing))]
[JsonSerializable(typeof(AdminNotificationResponse))]
[JsonSerializable(typeof(AdminNotificationResponse[]))]
[JsonSerializable(typeof(MaximumAvailableTimeResponse))]
[JsonSerializable(typeof(TodayResponse))]
[JsonSerializable(typeof(AnnouncementRequest))]
[JsonSerializable(typeof(AnnouncementResponse))]
[JsonSerializable(typeof(SentAnnouncementResponse))]
[JsonSerializable(typeof(AuditResponse[]))]
[JsonSerializable(typeof(TicketResponse))]
[JsonSerializable(typeof(TicketResponse[]))]
[JsonSerializable(typeof(ConversationResponse))]
[JsonSerializable(typeof(TicketMessageResponse))]
[JsonSerializable(typeof(TicketRequest))]
[JsonSerializable(typeof(TicketMessageRequest))]
[JsonSerializable(typeof(TicketStatusRequest))]
[JsonSerializable(typeof(RegisterRequest))]
[JsonSerializable(typeof(LoginRequest))]
[JsonSerializable(typeof(RefreshRequest))]
[JsonSerializable(typeof(TokenResponse))]
[JsonSerializable(typeof(DetailResponse))]
[JsonSerializable(typeof(ProvidersResponse))]
[JsonSerializable(typeof(LinkRequest))]
[JsonSerializable(typeof(ConfirmEmailRequest))]
[JsonSerializable(typeof(ForgotPasswordRequest))]
[JsonSerializable(typeof(ResetPasswordRequest))]
[JsonSerializable(typeof(UserResponse))]
[JsonSerializable(typeof(UserResponse[]))]
[JsonSerializable(typeof(AccountPatch))]
[JsonSerializable(typeof(AccountDeletion))]
[JsonSerializable(typeof(OwnDataResponse))]
[JsonSerializable(typeof(SessionResponse[]))]
[JsonSerializable(typeof(UserPatch))]
[JsonSerializable(typeof(AvatarResponse))]
[JsonSerializable(typeof(DefaultAvatarResponse))]
[JsonSerializable(typeof(TelegramTokenResponse))]
[JsonSerializable(typeof(TelegramConnectRequest))]
[JsonSerializable(typeof(TelegramConnectResponse))]
[JsonSerializable(typeof(TelegramExistsResponse))]
[JsonSerializable(typeof(TelegramWebAppRequest))]
[JsonSerializable(typeof(TelegramLinkRequest))]
[JsonSerializable(typeof(SimulationRequest))]
[JsonSerializable(typeof(SimulationResponse))]
internal sealed partial class ApiJson : JsonSerializerContext
{
    public static void Configure(JsonSerializerOptions options)
    {
        options.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
        options.DictionaryKeyPolicy = JsonNamingPolicy.SnakeCaseLower;
        // Two values for one field: neither is the one that was meant. Unknown fields, on the other hand, are ignored.
        options.AllowDuplicateProperties = false;
        options.NumberHandling = JsonNumberHandling.Strict;
        options.MaxDepth = 16;
        options.Converters.Add(new UtcJsonConverter());
        options.Converters.Add(new SafeStringConverter());
        options.TypeInfoResolverChain.Insert(0, Default);
    }
}
