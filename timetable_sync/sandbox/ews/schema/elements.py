"""Which elements have which content and attributes, for the operations that the sandbox has. Declarations only.

Facts about the protocol, as its documentation describes each element
(https://learn.microsoft.com/en-us/exchange/client-developer/web-service-reference/ews-xml-elements-in-exchange); a test
compares every verdict made from them with the verdict of the schemas that Exchange itself serves. The notation is that of
``content``; attributes follow as ``Name:Type``, with ``!`` where they must be there.

What kinds of items other than plain and calendar items hold is not looked into: the sandbox has none of them.
"""

#: Fragments used in several places.
MACROS = {
    "Path": "FieldURI:UnindexedPath | IndexedFieldURI:IndexedPath | ExtendedFieldURI:ExtendedPath",
    "Search": (
        "Exists:Exists | Excludes:Excludes | IsEqualTo:TwoOperands | IsNotEqualTo:TwoOperands | IsGreaterThan:TwoOperands "
        "| IsGreaterThanOrEqualTo:TwoOperands | IsLessThan:TwoOperands | IsLessThanOrEqualTo:TwoOperands | Contains:Contains "
        "| Not:Not | And:SeveralSearches | Or:SeveralSearches | Near:Near"
    ),
    "Transition": (
        "Transition:Transition | AbsoluteDateTransition:AbsoluteDateTransition | RecurringDayTransition:RecurringDayTransition "
        "| RecurringDateTransition:RecurringDateTransition"
    ),
    "ItemKind": (
        "Item:Item | Message:anything | SharingMessage:anything | CalendarItem:CalendarItem | Contact:anything "
        "| DistributionList:anything | MeetingMessage:anything | MeetingRequest:anything | MeetingResponse:anything "
        "| MeetingCancellation:anything | Task:anything | PostItem:anything | RoleMember:anything | Network:anything "
        "| Person:anything"
    ),
    "ResponseKind": (
        "ReplyToItem:anything | ForwardItem:anything | ReplyAllToItem:anything | AcceptItem:anything "
        "| TentativelyAcceptItem:anything | DeclineItem:anything | CancelCalendarItem:anything | RemoveItem:anything "
        "| SuppressReadReceipt:anything | PostReplyItem:anything | AcceptSharingInvitation:anything"
    ),
    "AnItemId": "ItemId:ItemId | OccurrenceItemId:OccurrenceItemId | RecurringMasterItemId:RecurringMasterItemId",
    "RecurrencePattern": (
        "RelativeYearlyRecurrence:RelativeYearly | AbsoluteYearlyRecurrence:AbsoluteYearly | RelativeMonthlyRecurrence:RelativeMonthly "
        "| AbsoluteMonthlyRecurrence:AbsoluteMonthly | WeeklyRecurrence:Weekly | DailyRecurrence:Daily"
    ),
    "RecurrenceRange": "NoEndRecurrence:NoEnd | EndDateRecurrence:EndDate | NumberedRecurrence:Numbered",
}

_ITEM = """
    MimeContent:MimeContent? ItemId:ItemId? ParentFolderId:FolderId? ItemClass? Subject? Sensitivity:Sensitivity? Body:Body?
    Attachments:anything? DateTimeReceived:dateTime? Size:int? Categories:Strings? Importance:Importance? InReplyTo?
    IsSubmitted:boolean? IsDraft:boolean? IsFromMe:boolean? IsResend:boolean? IsUnmodified:boolean?
    InternetMessageHeaders:InternetHeaders? DateTimeSent:dateTime? DateTimeCreated:dateTime? ResponseObjects:anything?
    ReminderDueBy:dateTime? ReminderIsSet:boolean? ReminderNextTime:dateTime? ReminderMinutesBeforeStart:ReminderMinutes?
    DisplayCc? DisplayTo? DisplayBcc? HasAttachments:boolean? ExtendedProperty:ExtendedProperty* Culture:language?
    EffectiveRights:EffectiveRights? LastModifiedName? LastModifiedTime:dateTime? IsAssociated:boolean?
    WebClientReadFormQueryString? WebClientEditFormQueryString? ConversationId:ItemId? UniqueBody:Body? Flag:Flag?
    StoreEntryId:base64Binary? InstanceKey:base64Binary? NormalizedBody:Body? EntityExtractionResult:anything?
    PolicyTag:RetentionTag? ArchiveTag:RetentionTag? RetentionDate:dateTime? Preview? RightsManagementLicenseData:RightsLicense?
    PredictedActionReasons:PredictedActionReasons? IsClutter:boolean? BlockStatus:boolean? HasBlockedImages:boolean?
    TextBody:Body? IconIndex:IconIndex? SearchKey:base64Binary? SortKey:long? Hashtags:Strings? Mentions:Recipients?
    MentionedMe:boolean? MentionsPreview:MentionsPreview? MentionsEx:anything? AppliedHashtags:anything?
    AppliedHashtagsPreview:AppliedHashtagsPreview? Likes:anything? LikesPreview:LikesPreview?
    PendingSocialActivityTagIds:Strings? AtAllMention:boolean? CanDelete:boolean? InferenceClassification:InferenceClassification?
"""

_CALENDAR_ITEM = """
    UID? RecurrenceId:dateTime? DateTimeStamp:dateTime? Start:dateTime? End:dateTime? OriginalStart:dateTime? IsAllDayEvent:boolean?
    LegacyFreeBusyStatus:FreeBusy? Location? When? IsMeeting:boolean? IsCancelled:boolean? IsRecurring:boolean?
    MeetingRequestWasSent:boolean? IsResponseRequested:boolean? CalendarItemType:CalendarItemTypeWord?
    MyResponseType:ResponseType? Organizer:SingleRecipient? RequiredAttendees:Attendees? OptionalAttendees:Attendees?
    Resources:Attendees? InboxReminders:InboxReminders? ConflictingMeetingCount:int? AdjacentMeetingCount:int?
    ConflictingMeetings:anything? AdjacentMeetings:anything? Duration? TimeZone? AppointmentReplyTime:dateTime?
    AppointmentSequenceNumber:int? AppointmentState:int? Recurrence:Recurrence? FirstOccurrence:OccurrenceInfo?
    LastOccurrence:OccurrenceInfo? ModifiedOccurrences:ModifiedOccurrences? DeletedOccurrences:DeletedOccurrences?
    MeetingTimeZone:MeetingTimeZone? StartTimeZone:TimeZoneDefinition? EndTimeZone:TimeZoneDefinition? ConferenceType:int?
    AllowNewTimeProposal:boolean? IsOnlineMeeting:boolean? MeetingWorkspaceUrl? NetShowUrl? EnhancedLocation:EnhancedLocation?
    StartWallClock:dateTime? EndWallClock:dateTime? StartTimeZoneId? EndTimeZoneId? IntendedFreeBusyStatus:FreeBusy?
    JoinOnlineMeetingUrl? OnlineMeetingSettings:OnlineMeetingSettings? IsOrganizer:boolean?
    CalendarActivityData:CalendarActivityData? DoNotForwardMeeting:boolean?
"""

#: By the type's name: content and attributes.
COMPLEX: dict[str, tuple[str, str]] = {
    # operations
    "GetFolder": ("m:FolderShape:FolderShape m:FolderIds:FolderIds", ""),
    "FindItem": (
        "m:ItemShape:ItemShape (m:IndexedPageItemView:IndexedPage | m:FractionalPageItemView:FractionalPage "
        "| m:SeekToConditionPageItemView:SeekPage | m:CalendarView:CalendarView | m:ContactsView:ContactsView)? "
        "(m:GroupBy:GroupBy | m:DistinguishedGroupBy:DistinguishedGroupBy)? m:Restriction:Restriction? "
        "m:SortOrder:FieldOrders? m:ParentFolderIds:FolderIds m:QueryString:QueryString?",
        "Traversal:Traversal!",
    ),
    "GetItem": ("m:ItemShape:ItemShape m:ItemIds:ItemIds", ""),
    "CreateItem": (
        "m:SavedItemFolderId:TargetFolderId? m:Items:AllItems",
        "MessageDisposition:MessageDisposition SendMeetingInvitations:SendCreate",
    ),
    "UpdateItem": (
        "m:SavedItemFolderId:TargetFolderId? m:ItemChanges:ItemChanges",
        "ConflictResolution:ConflictResolution! MessageDisposition:MessageDisposition "
        "SendMeetingInvitationsOrCancellations:SendUpdate SuppressReadReceipts:boolean",
    ),
    "DeleteItem": (
        "m:ItemIds:ItemIds",
        "DeleteType:Disposal! SendMeetingCancellations:SendCreate AffectedTaskOccurrences:AffectedTaskOccurrences "
        "SuppressReadReceipts:boolean",
    ),
    "ConvertId": ("m:SourceIds:AlternateIds", "DestinationFormat:IdFormat!"),
    "SyncFolderItems": (
        "m:ItemShape:ItemShape m:SyncFolderId:TargetFolderId m:SyncState? m:Ignore:IgnoredIds? "
        "m:MaxChangesReturned:MaxChanges m:SyncScope:SyncScope?",
        "",
    ),
    "SyncFolderHierarchy": ("m:FolderShape:FolderShape m:SyncFolderId:TargetFolderId? m:SyncState?", ""),
    # headers
    "ConnectingSidHolder": ("ConnectingSID:ConnectingSid", "soap"),
    "ConnectingSid": ("PrincipalName:NonEmpty | SID:NonEmpty | PrimarySmtpAddress:NonEmpty | SmtpAddress:NonEmpty", ""),
    "OpenAsAdmin": ("ConnectingSID:ConnectingSid", "LogonType:LogonType! BudgetType:int soap"),
    "TimeZoneContext": ("TimeZoneDefinition:TimeZoneDefinition", "soap"),
    "RequestServerVersion": ("", "Version:Version! soap"),
    "ServerVersionInfo": ("", "MajorVersion:int MinorVersion:int MajorBuildNumber:int MinorBuildNumber:int Version:string"),
    "ManagementRole": ("UserRoles:Roles? ApplicationRoles:Roles?", ""),
    "Roles": ("Role+", ""),
    # folders and shapes
    "FolderShape": ("BaseShape:Shape AdditionalProperties:Paths?", ""),
    "ItemShape": (
        "BaseShape:Shape IncludeMimeContent:boolean? BodyType:BodyFormatWanted? UniqueBodyType:BodyFormatWanted? "
        "NormalizedBodyType:BodyFormatWanted? FilterHtmlContent:boolean? ConvertHtmlCodePageToUTF8:boolean? "
        "InlineImageUrlTemplate? BlockExternalImages:boolean? AddBlankTargetToLinks:boolean? MaximumBodySize:int? "
        "AdditionalProperties:Paths?",
        "",
    ),
    "Paths": ("%Path+", ""),
    "FolderIds": ("(FolderId:FolderId | DistinguishedFolderId:DistinguishedFolderId)+", ""),
    "TargetFolderId": (
        "FolderId:FolderId | DistinguishedFolderId:DistinguishedFolderId | AddressListId:AddressListId",
        "",
    ),
    "FolderId": ("", "Id:string! ChangeKey:string"),
    "AddressListId": ("", "Id:string!"),
    "DistinguishedFolderId": ("Mailbox:EmailAddress?", "Id:DistinguishedFolder! ChangeKey:string"),
    "UnindexedPath": ("", "FieldURI:FieldURI!"),
    "IndexedPath": ("", "FieldURI:DictionaryURI! FieldIndex:string!"),
    "ExtendedPath": (
        "",
        "DistinguishedPropertySetId:DistinguishedPropertySet PropertySetId:Guid PropertyTag:PropertyTag PropertyName:string "
        "PropertyId:int PropertyType:MapiType!",
    ),
    # views, searching, sorting
    "IndexedPage": ("", "MaxEntriesReturned:int Offset:int! BasePoint:IndexBasePoint!"),
    "FractionalPage": ("", "MaxEntriesReturned:int Numerator:int! Denominator:int!"),
    "SeekPage": ("Condition:Restriction", "MaxEntriesReturned:int BasePoint:IndexBasePoint!"),
    "CalendarView": ("", "MaxEntriesReturned:int StartDate:dateTime! EndDate:dateTime!"),
    "ContactsView": ("", "MaxEntriesReturned:int InitialName:string FinalName:string"),
    "GroupBy": (
        "(FieldURI:UnindexedPath | IndexedFieldURI:IndexedPath | ExtendedFieldURI:ExtendedPath) AggregateOn:AggregateOn "
        "UseCollapsibleGroups:boolean? ItemsPerGroup:nonNegativeInteger? MaxItemsPerGroup:nonNegativeInteger? GroupsToExpand:GroupIds?",
        "Order:SortDirection!",
    ),
    "GroupIds": ("GroupId:base64Binary*", ""),
    "AggregateOn": (
        "FieldURI:UnindexedPath | IndexedFieldURI:IndexedPath | ExtendedFieldURI:ExtendedPath",
        "Aggregate:Aggregate!",
    ),
    "DistinguishedGroupBy": ("StandardGroupBy:StandardGroupBy", "Order:SortDirection!"),
    "FieldOrders": ("FieldOrder:FieldOrder+", ""),
    "FieldOrder": ("%Path", "Order:SortDirection!"),
    "Restriction": ("%Search", ""),
    "Exists": ("%Path", ""),
    "Excludes": ("%Path Bitmask:BitmaskValue", ""),
    "BitmaskValue": ("", "Value:Bitmask!"),
    "TwoOperands": ("%Path FieldURIOrConstant:FieldOrConstant", ""),
    "FieldOrConstant": ("%Path | Constant:Constant", ""),
    "Constant": ("", "Value:string!"),
    "Contains": (
        "%Path Constant:Constant",
        "ContainmentMode:ContainmentMode ContainmentComparison:ContainmentComparison",
    ),
    "Not": ("%Search", ""),
    "SeveralSearches": ("%Search+", ""),
    "Near": ("%Search+ Distance:unsignedInt Ordered:boolean", ""),
    # ids
    "ItemIds": ("(%AnItemId | RecurringMasterItemIdRanges:MasterRanges)+", ""),
    "IgnoredIds": ("ItemId:ItemId*", ""),
    "ItemId": ("", "Id:string! ChangeKey:string"),
    "OccurrenceItemId": ("", "RecurringMasterId:string! ChangeKey:string InstanceIndex:int!"),
    "RecurringMasterItemId": ("", "OccurrenceId:string! ChangeKey:string"),
    "MasterRanges": ("Ranges:OccurrenceRanges?", "Id:string! ChangeKey:string"),
    "OccurrenceRanges": ("Range:OccurrenceRange+", ""),
    "OccurrenceRange": ("", "Start:dateTime End:dateTime Count:int CompareOriginalStartTime:boolean"),
    "AlternateIds": (
        "(AlternateId:AlternateId | AlternatePublicFolderId:PublicFolderId | AlternatePublicFolderItemId:PublicFolderItemId)+",
        "",
    ),
    "AlternateId": ("", "Format:IdFormat! Id:string! Mailbox:NonEmpty! IsArchive:boolean"),
    "PublicFolderId": ("", "Format:IdFormat! FolderId:string!"),
    "PublicFolderItemId": ("", "Format:IdFormat! FolderId:string! ItemId:string!"),
    # changes
    "AllItems": ("(%ItemKind | %ResponseKind)+", ""),
    "ItemChanges": ("ItemChange:ItemChange+", ""),
    "ItemChange": ("%AnItemId Updates:Updates CalendarActivityData:CalendarActivityData?", ""),
    "Updates": ("(AppendToItemField:FieldWithItem | SetItemField:FieldWithItem | DeleteItemField:FieldAlone)+", ""),
    "FieldWithItem": ("%Path %ItemKind", ""),
    "FieldAlone": ("%Path", ""),
    # items
    "Item": (_ITEM, ""),
    "CalendarItem": (_ITEM + _CALENDAR_ITEM, ""),
    "Strings": ("String*", ""),
    "InternetHeaders": ("InternetMessageHeader:InternetHeader+", ""),
    "ExtendedProperty": ("ExtendedFieldURI:ExtendedPath (Value | Values:Values)", ""),
    "Values": ("Value+", ""),
    "EffectiveRights": (
        "CreateAssociated:boolean CreateContents:boolean CreateHierarchy:boolean Delete:boolean Modify:boolean Read:boolean "
        "ViewPrivateItems:boolean?",
        "",
    ),
    "Flag": ("FlagStatus:FlagStatus StartDate:dateTime? DueDate:dateTime? CompleteDate:dateTime?", ""),
    "RightsLicense": (
        "RightsManagedMessageDecryptionStatus:int? RmsTemplateId? TemplateName? TemplateDescription? EditAllowed:boolean? "
        "ReplyAllowed:boolean? ReplyAllAllowed:boolean? ForwardAllowed:boolean? ModifyRecipientsAllowed:boolean? "
        "ExtractAllowed:boolean? PrintAllowed:boolean? ExportAllowed:boolean? ProgrammaticAccessAllowed:boolean? IsOwner:boolean? "
        "ContentOwner? ContentExpiryDate?",
        "",
    ),
    "PredictedActionReasons": ("PredictedActionReason:PredictedActionReason+", ""),
    "Recipients": ("Mailbox:EmailAddress*", ""),
    "MentionsPreview": ("IsMentioned:boolean", ""),
    "AppliedHashtagsPreview": ("Hashtags:Strings", ""),
    "LikesPreview": ("LikeCount:int", ""),
    "SingleRecipient": ("Mailbox:EmailAddress", ""),
    "Attendees": ("Attendee:Attendee+", ""),
    "Attendee": (
        "Mailbox:EmailAddress ResponseType:ResponseType? LastResponseTime:dateTime? ProposedStart:dateTime? ProposedEnd:dateTime?",
        "",
    ),
    "EmailAddress": (
        "Name? EmailAddress:NonEmpty? RoutingType:NonEmpty? MailboxType:MailboxType? ItemId:ItemId? OriginalDisplayName?",
        "",
    ),
    "InboxReminders": ("InboxReminder:InboxReminder*", ""),
    "InboxReminder": (
        "Id:Guid? ReminderOffset:int? Message? IsOrganizerReminder:boolean? OccurrenceChange:EmailReminderChange? "
        "SendOption:EmailReminderSend?",
        "",
    ),
    "Recurrence": ("%RecurrencePattern %RecurrenceRange", ""),
    "RelativeYearly": ("DaysOfWeek:DayOfWeek DayOfWeekIndex:DayOfWeekIndex Month:Month", ""),
    "AbsoluteYearly": ("DayOfMonth:int Month:Month", ""),
    "RelativeMonthly": ("Interval:int DaysOfWeek:DayOfWeek DayOfWeekIndex:DayOfWeekIndex", ""),
    "AbsoluteMonthly": ("Interval:int DayOfMonth:int", ""),
    "Weekly": ("Interval:int DaysOfWeek:DaysOfWeek FirstDayOfWeek:DayOfWeek?", ""),
    "Daily": ("Interval:int", ""),
    "NoEnd": ("StartDate:date", ""),
    "EndDate": ("StartDate:date EndDate:date", ""),
    "Numbered": ("StartDate:date NumberOfOccurrences:int", ""),
    "OccurrenceInfo": ("ItemId:ItemId Start:dateTime End:dateTime OriginalStart:dateTime", ""),
    "ModifiedOccurrences": ("Occurrence:OccurrenceInfo+", ""),
    "DeletedOccurrences": ("DeletedOccurrence:DeletedOccurrence+", ""),
    "DeletedOccurrence": ("Start:dateTime", ""),
    "OnlineMeetingSettings": (
        "LobbyBypass:LobbyBypass AccessLevel:OnlineMeetingAccess Presenters:OnlineMeetingPresenters",
        "",
    ),
    "CalendarActivityData": ("ActivityAction ClientId CasRequestId:Guid IndexSelected:int", ""),
    "EnhancedLocation": ("DisplayName Annotation? PostalAddress:PostalAddress?", ""),
    "PostalAddress": (
        "Street? City? State? Country? PostalCode? PostOfficeBox? Type? Latitude:double? Longitude:double? Accuracy:double? "
        "Altitude:double? AltitudeAccuracy:double? FormattedAddress? LocationUri? LocationSource:LocationSource?",
        "",
    ),
    # time zones
    "TimeZoneDefinition": (
        "(Periods:Periods TransitionsGroups:TransitionsGroups? Transitions:Transitions?)?",
        "Id:string Name:string",
    ),
    "Periods": ("Period:Period+", ""),
    "Period": ("", "Bias:duration Name:string Id:string"),
    "TransitionsGroups": ("TransitionsGroup:Transitions+", ""),
    "Transitions": ("%Transition+", "Id:string"),
    "Transition": ("To:TransitionTarget", ""),
    "AbsoluteDateTransition": ("To:TransitionTarget DateTime:dateTime", ""),
    "RecurringDayTransition": ("To:TransitionTarget TimeOffset:duration Month:int DayOfWeek:DayOfWeek Occurrence:int", ""),
    "RecurringDateTransition": ("To:TransitionTarget TimeOffset:duration Month:int Day:int", ""),
    "MeetingTimeZone": ("(BaseOffset:duration (Standard:TimeChange Daylight:TimeChange)?)?", "TimeZoneName:string"),
    "TimeChange": (
        "Offset:duration (RelativeYearlyRecurrence:RelativeYearly | AbsoluteDate:date)? Time:time",
        "TimeZoneName:string",
    ),
}

#: Elements with text and attributes: the text's type and the attributes.
TEXT_WITH_ATTRIBUTES: dict[str, tuple[str, str]] = {
    "MimeContent": ("string", "CharacterSet:string"),
    "Body": ("string", "BodyType:BodyFormat! IsTruncated:boolean"),
    "InternetHeader": ("string", "HeaderName:string!"),
    "RetentionTag": ("Guid", "IsExplicit:boolean!"),
    "QueryString": ("string", "ResetCache:boolean ReturnHighlightTerms:boolean ReturnDeletedItems:boolean"),
    "MailboxCulture": ("language", "soap"),
    "TransitionTarget": ("string", "Kind:TransitionKind!"),
    "Proxy": ("base64Binary", "soap"),
}

#: What may stand in the SOAP header. Security contexts of other servers are not looked into.
HEADERS = (
    "RequestServerVersion:RequestServerVersion | MailboxCulture:MailboxCulture | ManagementRole:ManagementRole "
    "| ExchangeImpersonation:ConnectingSidHolder | OpenAsAdminOrSystemService:OpenAsAdmin | TimeZoneContext:TimeZoneContext "
    "| DateTimePrecision:DateTimePrecision | ServerVersionInfo:ServerVersionInfo | SerializedSecurityContext:anything "
    "| SharingSecurity:anything | ProxySecurityContext:Proxy | ProxySuggesterSid:Proxy | ProxyPartnerToken:Proxy"
)

#: The operations that the sandbox knows.
OPERATIONS = (
    "GetFolder",
    "FindItem",
    "GetItem",
    "CreateItem",
    "UpdateItem",
    "DeleteItem",
    "ConvertId",
    "SyncFolderItems",
    "SyncFolderHierarchy",
)
